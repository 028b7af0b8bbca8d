// 会话旁客户资料的中文。Simplified Chinese.

import type { DetailsWords } from '../detailsWords';

export const zh: DetailsWords = {
  details: '客户资料',
  shutDetails: '关闭客户资料',
  name: '姓名',
  noName: '未填写',
  email: '邮箱',
  externalId: '客户编号',
  page: '所在页面',
  language: '语言',
  browser: '浏览器',
  firstSeen: '首次来访',
  attributes: '来自贵站',
  tags: '标签',
  addTag: '添加标签',
  add: '添加',
  removeTag: (name: string) => `移除标签 ${name}`,
  tooManyTags: '标签太多，请先移除一些。',
  others: '其他会话',
  noOthers: '这是该客户的第一次会话。',
  moreOthers: '仅显示最近 20 个。',
};
