// What can go wrong only for staff, by the server's code, in Chinese.

import type { en } from './errors.en';

export const zh: typeof en = {
  bad_credentials: '用户名或密码错误，或账号已停用。',
  not_signed_in: '您尚未登录。',
  agent_not_found: '无法将会话交给该客服。',
  conversation_taken: '会话已被其他客服接入。',
  conversation_open: '会话尚未结束，或客户已有更新的会话。',
};
