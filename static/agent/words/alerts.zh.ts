// What alerts say, in Chinese.

import type { AlertWords } from '../alerts/alertWords';

export const zh: AlertWords = {
  alerts: '通知',
  alertsHint: '有客户排队或给你发来消息时，此浏览器如何提醒你。',
  sound: '声音',
  soundMore: '有新客户排队，或你的会话有新消息时响铃。',
  repeat: '有人排队时重复提醒',
  repeatMore: '每 30 秒一次，直到无人排队。',
  desktop: '桌面通知',
  desktopMore: '当你在看其他窗口时弹出，内容包括姓名和消息。',
  soundReady: '声音正常。',
  soundBlocked: '在你点击页面或按键之前，浏览器不允许播放声音。',
  soundMissing: '此浏览器无法播放声音。',
  desktopGranted: '通知正常。',
  desktopAskable: '浏览器会请你允许。',
  desktopBlocked: '已被浏览器屏蔽。请在地址栏旁的网站设置中允许通知。',
  desktopMissing: '此处不可用：需要 HTTPS 和桌面浏览器。',
  test: '测试',
  testDone: '你应该听到了两声提示音，或看到了一条通知。',
  testFailed: '无法播放或显示，原因见上。',
  testNothing: '所有提醒都已关闭。',
  testTitle: '客服',
  testText: '通知就是这个样子。',
  alertsTrouble: '通知被屏蔽',
  isWaiting: '正在等待客服',
  wasHanded: '已转给你',
};
