// What alerts say, in English.

export const en = {
  alerts: 'Notifications',
  alertsHint: 'How this browser tells you of customers who wait or have written to you.',
  sound: 'Sound',
  soundMore: 'For somebody new in the queue and for messages in your conversations.',
  repeat: 'Repeat while somebody waits',
  repeatMore: 'Every 30 seconds, until nobody is left in the queue.',
  desktop: 'Desktop notifications',
  desktopMore: 'While you look at something else. They show the name and the message.',
  soundReady: 'Sound works.',
  soundBlocked: 'The browser keeps this page silent until you click or type in it.',
  soundMissing: 'This browser cannot play sounds.',
  desktopGranted: 'Notifications work.',
  desktopAskable: 'The browser will ask you to allow them.',
  desktopBlocked:
    'Blocked by the browser. Allow notifications for this page in its settings, beside the address.',
  desktopMissing: 'Not available here: they need HTTPS and a browser on a desktop.',
  test: 'Test',
  testDone: 'You should have heard two notes, or seen a notification.',
  testFailed: 'Nothing could be played or shown; see above.',
  testNothing: 'Everything is off.',
  testTitle: 'Kefu',
  testText: 'This is how a notification looks.',
  alertsTrouble: 'Notifications are blocked',
  isWaiting: 'Waiting for an agent',
  wasHanded: 'Handed to you',
};
