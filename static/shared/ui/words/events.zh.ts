// What happens to a conversation, in Chinese.

import type { en } from './events.en';

export const zh: typeof en = {
  taken: who => `${who}已加入`,
  released: who => `${who}已离开，会话重新排队`,
  transferred: (who, to) => `${who}将会话转接给${to}`,
  closed: who => `${who}结束了会话`,
  reopened: who => `${who}重新打开了会话`,
  rated: (who, score) => `${who}评价了本次会话：${score}`,
};
