// The words about the second factor, in English.

export const en = {
  secondFactor: 'Second factor',
  isOff: 'Signing in takes your password alone.',
  isOn: 'Signing in takes your password and a code of your authenticator app.',
  codesLeft: (n: number) =>
    n === 1 ? '1 recovery code is left.' : `${n} recovery codes are left.`,
  setUp: 'Set up',
  yourPassword: 'Your password',
  switchOff: 'Switch off',
  isSwitchedOff: 'The second factor is switched off.',
  addToApp:
    'Scan the picture with your authenticator app, or type the key into it; then type the code that it shows.',
  qrCode: 'QR code of the key',
  key: 'Key',
  openApp: 'Open it in the app on this device',
  code: 'Code',
  codeHint: 'Six digits, or a recovery code',
  sixDigits: 'Six digits',
  confirm: 'Confirm',
  recoveryCodes: 'Recovery codes',
  recoveryMore:
    'Each lets you in once if you have lost your phone. They are shown only this once: keep them where your phone is not.',
  done: 'I have kept them',
  isSwitchedOn: 'The second factor is on. You are signed out everywhere else.',
  askForCode: 'Type the code that your authenticator app shows.',
  hasSecondFactor: 'Second factor',
  resetFactor: 'Switch off second factor',
  resetFactorAsk: 'They sign in by the password alone. They are signed out everywhere at once.',
  problems: {
    code_wrong: 'The code is wrong, or has been used. Wait for the next one.',
    totp_on: 'There is a second factor already.',
    totp_off: 'Begin again: nothing is being set up.',
    bad_credentials: 'The password is wrong.',
  },
};
