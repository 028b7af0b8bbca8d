// What can go wrong, by the server's code or one of our own, in Chinese.

import type { en } from './errors.en';

export const zh: typeof en = {
  bad_json: '服务器无法识别此页面的请求，请刷新后重试。',
  bad_request: '服务器无法识别此页面的请求，请刷新后重试。',
  unknown_type: '服务器无法识别此页面的请求，请刷新后重试。',
  text_empty: '消息是空的。',
  text_too_long: '消息太长。',
  text_invalid: '消息中含有无法保存的字符。',
  forbidden: '您没有权限进行此操作。',
  blocked: '您无法在此留言。',
  origin_refused: '服务器不接受此网址。',
  not_found: '没有找到。',
  conversation_not_found: '没有这个会话。',
  conversation_closed: '会话已结束。',
  client_id_in_use: '此消息与另一条冲突，请删除后重新输入。',
  body_too_large: '内容太大。',
  rate_limited: '操作太频繁，请稍候。',
  too_many_connections: '来自您所在地址的连接过多。',
  internal: '服务器出错了。',
  unavailable: '数据库没有响应，请稍后重试。',
  overloaded: '服务器繁忙，请稍后重试。',
  no_answer: '服务器没有响应。',
  unreachable: '无法连接服务器。',
};
