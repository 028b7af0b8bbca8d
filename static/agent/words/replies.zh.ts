// 快捷回复的中文。Simplified Chinese.

import type { RepliesWords } from '../repliesWords';

export const zh: RepliesWords = {
  savedReplies: '快捷回复',
  about: '在会话中输入 / 即可插入。',
  placeholders:
    '文本中的 {customer.name} 和 {agent.name} 会换成对方和您的姓名。{customer.name|朋友} 表示没有姓名时称“朋友”。',
  none: '还没有快捷回复',
  found: (n: number) => `${n} 条快捷回复`,
  openMenu: '插入快捷回复',
  newReply: '新建快捷回复',
  shortcut: '快捷词',
  shortcutHint: '跟在 / 后面的词，不含空格。',
  replyTitle: '标题（可选）',
  text: '内容',
  forAll: '所有人可用',
  mine: '仅自己可用',
  forWhom: '使用范围',
  everybodys: '共享',
  create: '保存快捷回复',
  edit: '编辑',
  save: '保存',
  cancel: '取消',
  remove: '删除',
  removeAsk: '要删除这条快捷回复吗？',
  saved: '已保存。',
  removed: '已删除。',
  shortcutInvalid: '快捷词须为 1 至 32 个字符，不含空格和 /。',
  textMissing: '请填写回复内容。',
  noNameCustomer: '客户',
  noNameAgent: '客服',
  problems: {
    shortcut_taken: '已有同名的快捷词。',
    saved_reply_not_found: '这条快捷回复已被删除。',
    limit_reached: '已有 500 条，请先删除一些。',
    forbidden: '共享的快捷回复只能由主管或管理员修改。',
    text_too_long: '内容太长。',
  },
};
