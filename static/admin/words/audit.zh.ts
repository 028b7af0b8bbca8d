// The words of the audit log, in Chinese.

import type { en } from './audit.en';

export const zh: typeof en = {
  columns: {
    when: '时间',
    who: '操作人',
    what: '操作',
    subject: '对象',
    address: '来源地址',
    details: '详情',
  },
  found: (n: number) => `${n} 条记录`,
  foundMore: (n: number) => `已显示 ${n} 条记录`,
  nothing: '没有符合条件的记录。',
  more: '显示更早的记录',
  nobody: '无账号',
  subjects: {
    account: id => `账号 ${id}`,
    conversation: id => `会话 ${id}`,
    customer: id => `客户 ${id}`,
    block: id => `屏蔽 ${id}`,
  },
  actions: {
    signed_in: '登录',
    signed_out: '退出登录',
    sign_in_failed: '登录失败',
    second_factor_failed: '两步验证失败',
    second_factor_on: '开启两步验证',
    second_factor_off: '关闭两步验证',
    password_changed: '修改密码',
    password_reset: '重置密码',
    account_added: '创建账号',
    account_changed: '修改账号',
    settings_changed: '修改设置',
    transcript_read: '查看会话内容',
    exported: '导出会话记录',
    audit_read: '导出审计日志',
    blocked: '屏蔽',
    block_lifted: '解除屏蔽',
    hold_set: '设置保留',
    hold_lifted: '解除保留',
    customer_exported: '导出客户数据',
    customer_erased: '抹除客户数据',
    retention_ran: '自动清理',
    refused: '被拒绝的操作',
  },
};
