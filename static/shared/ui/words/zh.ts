// What a list of messages says, in Chinese.

import type { en } from './en';

export const zh: typeof en = {
  sending: '发送中…',
  waitingToSend: '连接后自动发送',
  sent: '已发送',
  read: '已读',
  notSent: why => `未发送。${why}`,
  tooFast: '消息太多，稍后自动发送',
  loadingOlder: '正在加载更早的消息…',
  toNewest: '查看最新消息',
  newMessages: n => `${n} 条新消息`,

  eventTaken: who => `${who}已加入`,
  eventReleased: who => `${who}已离开，会话重新排队`,
  eventTransferred: (who, to) => `${who}将会话转接给${to}`,
  eventClosed: who => `${who}结束了会话`,
  eventReopened: who => `${who}重新打开了会话`,
  eventRated: (who, score) => `${who}评价了本次会话：${score}`,
};
