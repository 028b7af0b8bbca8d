// 两步验证的中文。

import type { TotpWords } from '../totpWords';

export const zh: TotpWords = {
  secondFactor: '两步验证',
  isOff: '目前仅凭密码登录。',
  isOn: '登录时需要密码和身份验证器的验证码。',
  codesLeft: n => `还剩 ${n} 个恢复码。`,
  setUp: '设置',
  yourPassword: '您的密码',
  switchOff: '关闭',
  isSwitchedOff: '两步验证已关闭。',
  addToApp: '用身份验证器扫描图片，或手动输入密钥，然后输入它显示的验证码。',
  qrCode: '密钥的二维码',
  key: '密钥',
  openApp: '在本机的验证器中打开',
  code: '验证码',
  codeHint: '六位数字，或恢复码',
  sixDigits: '六位数字',
  confirm: '确认',
  recoveryCodes: '恢复码',
  recoveryMore: '手机丢失时，每个恢复码可登录一次。仅显示这一次，请保存在手机以外的地方。',
  done: '我已保存',
  isSwitchedOn: '两步验证已开启，其他设备均已退出登录。',
  askForCode: '请输入身份验证器显示的验证码。',
  hasSecondFactor: '两步验证',
  resetFactor: '关闭两步验证',
  resetFactorAsk: '该账号将仅凭密码登录，并立即在所有设备上退出。',
  problems: {
    code_wrong: '验证码错误或已使用，请等待下一个。',
    totp_on: '两步验证已经开启。',
    totp_off: '请重新开始：当前没有进行中的设置。',
    bad_credentials: '密码错误。',
  },
};
