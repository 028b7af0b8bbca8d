// The words about who is there and who is away, in Chinese.

import type { en } from './presence.en';

export const zh: typeof en = {
  myStatus: '我的状态',
  available: '在线接待',
  away: '离开',
  offline: '不在线',
  awayHint: '不会再分配新会话给您。',
};
