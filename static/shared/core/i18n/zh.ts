// 页面上的全部中文。Simplified Chinese.

import type { Words } from './words';

export const zh: Words = {
  chatTitle: '在线客服',
  greeting: '您好！有什么可以帮您？',
  greetingMore: '请在下方输入您的问题，无需注册，也不用填写表单。',
  deskHere: '客服在线',
  nextInQueue: '下一位就是您',
  placeInQueue: n => `您排在第 ${n} 位`,
  chatEnded: '本次会话已结束。',
  chatEndedReopen: '本次会话已结束，再次留言即可继续。',
  newChat: '新会话',
  replyWithin: time => `通常在 ${time}内回复`,
  deskClosed: '现在是休息时间，请留言，我们会保留您的消息。',
  deskClosedUntil: when => `我们将于${when}恢复服务，请留言，我们会保留您的消息。`,
  deskAway: '客服暂时不在，请留言，我们会回复您',

  you: '您',
  agent: '客服',
  customer: id => `客户 ${id}`,
  someone: '有人',
  said: who => `${who}：`,

  conversation: '会话',
  today: '今天',
  yesterday: '昨天',
  tryAgain: '重试',
  remove: '删除',
  loading: '加载中…',
  couldNotLoad: '加载失败。',
  isTyping: who => `${who}正在输入…`,
  severalTyping: '多人正在输入…',

  system: '系统',
  note: '备注',
  noteSaid: '备注，仅客服可见',

  message: '消息',
  writeMessage: '输入消息…',
  attach: '添加文件',
  send: '发送',
  charactersLeft: n => `还可输入 ${n} 个字`,
  charactersOver: n => `超出 ${n} 个字`,

  connecting: '正在连接…',
  reconnecting: '连接已断开，正在重试…',
  connectedAgain: '已重新连接',
  offline: '您已离线。您写的内容会保留，稍后自动发送。',
  closed: '服务器已断开此会话。',
  blocked: '您已无法在此留言。',
  blockedUntil: when => `在 ${when} 之前，您无法在此留言。`,
  inSeconds: n => `${n} 秒后`,
  tryNow: '立即重试',
  reload: '重新加载',
  wentWrong: '出错了。',
};
