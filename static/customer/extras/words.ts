// What is said only once there is a conversation; loaded with it.

import type { Language } from '../../shared/core/i18n';

const en = {
  contact: 'Leave your name and e-mail address',
  contactHint: 'Both are optional. We use them to answer you.',
  contactName: 'Name',
  contactEmail: 'E-mail address',
  contactSend: 'Save',
  contactKept: 'Thank you, this is kept.',
  contactWrong: 'This is not an e-mail address.',
  rate: 'How was this chat?',
  scores: ['Very bad', 'Bad', 'Fair', 'Good', 'Very good'],
  comment: 'Anything to add? (optional)',
  rateSend: 'Send rating',
  rated: (score: number) => `Thank you! You gave ${score} of 5.`,
  rateChange: 'Change',
  tooLate: 'This rating cannot be changed any more.',
  more: 'More',
  saveText: 'Save this chat as text',
  saveHtml: 'Save this chat as HTML',
  saving: 'Collecting the messages…',
  notSaved: 'The chat could not be saved.',
  savedOn: (when: string) => `Saved on ${when}`,
};

const zh: typeof en = {
  contact: '留下您的称呼和邮箱',
  contactHint: '均为选填，仅用于回复您。',
  contactName: '称呼',
  contactEmail: '邮箱',
  contactSend: '保存',
  contactKept: '谢谢，已保存。',
  contactWrong: '邮箱格式不正确。',
  rate: '您对本次服务满意吗？',
  scores: ['非常不满意', '不满意', '一般', '满意', '非常满意'],
  comment: '还有什么想说的？（选填）',
  rateSend: '提交评价',
  rated: score => `谢谢！您的评分是 ${score} 分（满分 5 分）。`,
  rateChange: '修改',
  tooLate: '此评价已不能修改。',
  more: '更多',
  saveText: '将聊天记录保存为文本',
  saveHtml: '将聊天记录保存为网页',
  saving: '正在收集消息…',
  notSaved: '聊天记录保存失败。',
  savedOn: when => `保存于 ${when}`,
};

export type ExtraWords = typeof en;
export const EXTRA_WORDS: Readonly<Record<Language, ExtraWords>> = { en, zh };
