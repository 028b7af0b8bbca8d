// The words of the settings about assignment, in Chinese.

import type { en } from './assignment.en';

export const zh: typeof en = {
  assignment: '会话分配',
  mode: '等待中的会话',
  modes: {
    off: '由客服自行接入',
    round_robin: '轮流分配给在线的客服',
    least_busy: '分配给会话最少的在线客服',
  },
  capacity: '同时接待数',
  capacityHint: '账号未单独设置时，最多分配给一位客服的会话数。0 到 1000。',
  grace: '多少秒后视为不在线',
  graceHint: '从最后一个连接断开算起；刷新页面不算离开。2 到 600。',
  returnAfter: '再过多少秒收回会话',
  returnAfterHint: '会话重新排队。0 表示从不；最多 86400。',
};
