// The words of the settings about identified visitors, in Chinese.

import type { en } from './identity.en';

export const zh: typeof en = {
  identity: '访客身份',
  identityIntro:
    '您的网站可以签名证明访客是谁：客服会看到访客的姓名和其他资料，访客在每个浏览器中都能看到同样的聊天记录。您的服务器用与 Kefu 共享的密钥签名。',
  secret: '密钥',
  secretHint: '至少 32 个字符。保存前请先复制到您的服务器，之后不再显示。',
  secretIsSet: '已设置密钥。',
  oldSecretIsSet: '之前的密钥仍然有效，直到您将其移除。',
  makeSecret: '生成密钥',
  replaceSecret: '更换',
  keepSecret: '保留现有密钥',
  removeSecret: '移除',
  removed: '保存后，将无法再用此处设置的密钥识别访客。',
  removeOld: '移除之前的密钥',
  oldRemoved: '保存后，之前的密钥将失效。',
};
