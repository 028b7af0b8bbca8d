// What is kept and what goes: rules that are tried before they delete, holds, and customers who are erased.

import { readFile } from 'node:fs/promises';
import type { Page } from '@playwright/test';
import { axe, fits, signedIn, talk } from '../support/admin.ts';
import { expect, test } from '../support/fixtures.ts';
import { Api, WireSession } from '../support/wire.ts';

const SAID = {
  en: {
    rules: 'How long conversations are kept',
    none: 'There are no rules: everything is kept for ever.',
    add: 'Add a rule',
    days: 'Days to keep',
    tag: 'With the tag',
    count: 'Count what would go',
    save: 'Save the rules',
    invalid: 'Write a number from 1 to 36,500, or leave it empty.',
    would: /^By these rules would be deleted now: (.*)\.$/,
    nothing: 'By these rules nothing would be deleted now.',
    saveAndDelete: 'Save and delete',
    cancel: 'Cancel',
    saved: 'Saved.',
    up: 'Move up (Rule 2)',
    remove: 'Remove (Rule 1)',
    runs: 'What was cleaned up',
    noRuns: 'Nothing was cleaned up yet.',
    changed: 'Somebody else has changed the rules meanwhile.',
    load: 'Load what is stored now',
    holdIt: 'Put under a hold…',
    why: 'Why',
    missing: 'Say why.',
    hold: 'Put under a hold',
    held: 'Under a hold',
    lift: 'Lift the hold',
    noHolds: 'No conversation is under a hold.',
    conversation: 'Conversation 1',
    transcript: 'Transcript',
    eraseOrExport: 'Erase or export this customer',
    export: 'Export their data of Customer 1',
    withNotes: 'Export with notes of Customer 1',
    erase: 'Erase… of Customer 1',
    number: 'Type 1, the customer’s number, to confirm',
    mismatch: 'That is not the number. Type 1.',
    eraseNow: 'Erase for good',
    isHeld: 'A conversation of theirs is under a hold. Lift it first.',
    isOpen: 'A conversation of theirs has not ended. Close it first.',
    receipt: /^Receipt 1: Customer 1 is erased\. 1 conversation, \d messages, 0 files/,
    receipts: 'Receipts',
    erased: 'Erased',
    find: 'Number, name, e-mail address or id on your site',
    findButton: 'Find',
    nobody: 'No customer was found.',
  },
  zh: {
    rules: '会话保留多久',
    none: '没有规则：所有会话永久保存。',
    add: '添加规则',
    days: '保留天数',
    tag: '带有标签',
    count: '计算将删除的数量',
    save: '保存规则',
    invalid: '请填写 1 到 36500 的数字，或留空。',
    would: /^按这些规则，现在将删除：(.*)。$/,
    nothing: '按这些规则，现在没有内容会被删除。',
    saveAndDelete: '保存并删除',
    cancel: '取消',
    saved: '已保存。',
    up: '上移 (规则 2)',
    remove: '移除 (规则 1)',
    runs: '清理记录',
    noRuns: '尚未清理过任何内容。',
    changed: '其他人同时修改了规则。',
    load: '载入当前保存的内容',
    holdIt: '设置保留…',
    why: '原因',
    missing: '请填写原因。',
    hold: '设置保留',
    held: '已设置保留',
    lift: '解除保留',
    noHolds: '没有设置保留的会话。',
    conversation: '会话 1',
    transcript: '会话内容',
    eraseOrExport: '抹除或导出该客户的数据',
    export: '导出数据 ：客户 1',
    withNotes: '导出（含备注） ：客户 1',
    erase: '抹除… ：客户 1',
    number: '请输入客户编号 1 以确认',
    mismatch: '编号不符，请输入 1。',
    eraseNow: '永久抹除',
    isHeld: '该客户有会话已设置保留，请先解除。',
    isOpen: '该客户有会话尚未结束，请先结束。',
    receipt: /^凭据 1：已抹除 客户 1 的数据。1 个会话、\d 条消息、0 个文件/,
    receipts: '抹除凭据',
    erased: '已抹除',
    find: '编号、姓名、邮箱或网站用户编号',
    findButton: '查找',
    nobody: '没有找到客户。',
  },
} as const;

const part = (page: Page, title: string) =>
  page.locator('.admin-part').filter({ has: page.locator('h2', { hasText: title }) });

for (const language of ['en', 'zh'] as const) {
  const said = SAID[language];

  test(`rules say what they would delete before they do (${language})`, async ({
    people,
    server,
    watch,
  }) => {
    await server.command(['dev', 'seed', '--messages', '300']);
    const page = await signedIn(people, watch, language, undefined, '?view=cleanup');
    const rules = part(page, said.rules);
    const runs = part(page, said.runs);
    const button = (name: string) => page.getByRole('button', { name, exact: true });
    const days = rules.getByLabel(said.days);
    await expect(rules).toContainText(said.none);
    await expect(runs).toContainText(said.noRuns);
    await axe(page, 'no rules');

    await button(said.add).click();
    await days.fill('a year');
    await button(said.count).click();
    await expect(rules.getByRole('alert')).toHaveText(said.invalid);
    await expect(days).toHaveAttribute('aria-invalid', 'true');
    await expect(days).toBeFocused();
    await days.fill('36500');
    await button(said.count).click();
    await expect(rules.getByRole('status')).toHaveText(said.nothing);
    await days.fill('30');
    const counted = async () => {
      await button(said.count).click();
      await expect(rules.getByRole('status')).toHaveText(said.would);
      const told = await rules.getByRole('status').textContent();
      return said.would.exec(told ?? '')?.[1] ?? '';
    };
    const all = await counted();
    expect(all).toMatch(/^[1-9]/);

    // Nothing is stored before somebody has said yes.
    await button(said.save).click();
    const dialog = page.getByRole('dialog');
    await expect(dialog).toContainText(all);
    await axe(page, 'the question before deleting');
    await dialog.getByRole('button', { name: said.cancel }).click();
    await page.reload();
    await expect(rules).toContainText(said.none);

    // The second rule comes first: what has the tag is kept.
    await button(said.add).click();
    await days.fill('30');
    await button(said.add).click();
    await rules.getByLabel(said.tag).nth(1).fill('vip');
    await page.getByRole('button', { name: said.up }).click();
    await expect(days).toHaveCount(2);
    await expect(days.first()).toHaveValue('');
    await expect(days.nth(1)).toHaveValue('30');
    const some = await counted();
    expect(Number.parseInt(some, 10)).toBeLessThan(Number.parseInt(all, 10));
    await button(said.save).click();
    await expect(dialog).toContainText(some);
    await dialog.getByRole('button', { name: said.saveAndDelete }).click();
    await expect(rules.getByRole('status')).toHaveText(said.saved);
    await expect(dialog).toHaveCount(0);
    await page.reload();
    await expect(rules.getByLabel(said.tag).first()).toHaveValue('vip');
    await expect(days.nth(1)).toHaveValue('30');
    await axe(page, 'two rules');

    await server.command(['retention', 'run']);
    await page.reload();
    await expect(runs.getByRole('listitem')).toHaveCount(1);
    await expect(runs.getByRole('listitem')).toContainText(some);

    // Somebody else has changed them.
    await (await Api.signIn(server)).set('retention', { rules: [] });
    watch.announce(/409.*\/api\/v1\/settings/);
    await page.getByRole('button', { name: said.remove }).click();
    await button(said.save).click();
    await dialog.getByRole('button', { name: said.saveAndDelete }).click();
    await expect(rules.getByRole('alert')).toHaveText(said.changed);
    await button(said.load).click();
    await expect(rules).toContainText(said.none);
    await fits(page);
  });

  test(`a customer is taken out and erased, and what is held is not (${language})`, async ({
    people,
    server,
    watch,
  }) => {
    const conversation = await talk(server);
    const api = await Api.signIn(server);
    for (const other of (await api.conversations()).filter(id => id !== conversation)) {
      await api.post(`/conversations/${other}/hold`, { reason: 'Another lawsuit' }, 'PUT');
    }
    const page = await signedIn(
      people,
      watch,
      language,
      undefined,
      `?conversation=${conversation}`,
    );
    const dialog = page.getByRole('dialog');
    const transcript = page.getByRole('region', { name: said.transcript });
    await page.getByRole('button', { name: said.holdIt }).click();
    await dialog.getByRole('button', { name: said.hold }).click();
    await expect(dialog.getByRole('alert')).toHaveText(said.missing);
    await axe(page, 'the question before a hold');
    await dialog.getByLabel(said.why).fill('A lawsuit <b>');
    await dialog.getByRole('button', { name: said.hold }).click();
    await expect(transcript.locator('.admin-hold')).toContainText('A lawsuit <b>');
    await expect(transcript.locator('.admin-hold')).toContainText(said.held);
    await axe(page, 'a transcript under a hold');

    // A supervisor sees it, and cannot lift it.
    await server.addAgent('wu', 'Wu', 'supervisor');
    const place = `?conversation=${conversation}`;
    const wu = await signedIn(people, watch, language, 'wu', place);
    await expect(wu.locator('.admin-hold')).toContainText('A lawsuit <b>');
    await expect(wu.locator('.admin-hold').getByRole('button')).toHaveCount(0);
    await expect(wu.getByRole('link', { name: said.eraseOrExport })).toHaveCount(0);

    await page.getByRole('link', { name: said.eraseOrExport }).click();
    await expect(page).toHaveURL(/view=cleanup&customer=1/);
    const download = async (name: string) => {
      const [saved] = await Promise.all([
        page.waitForEvent('download'),
        page.getByRole('link', { name }).click(),
      ]);
      return readFile(await saved.path(), 'utf8');
    };
    const data = await download(said.export);
    expect(data).toContain('我的退款呢？');
    expect(data).not.toContain('Second time');
    expect(data.trim().split('\n').at(-1)).toContain('"end"');
    expect(await download(said.withNotes)).toContain('Second time');

    const erase = async (number: string) => {
      await page.getByRole('button', { name: said.erase }).click();
      await dialog.getByLabel(said.number).fill(number);
      await dialog.getByRole('button', { name: said.eraseNow }).click();
    };
    await erase('2');
    await expect(dialog.getByRole('alert')).toHaveText(said.mismatch);
    watch.announce(/409.*\/api\/v1\/customers\/1\/erase/);
    await dialog.getByLabel(said.number).fill('1');
    await dialog.getByRole('button', { name: said.eraseNow }).click();
    await expect(dialog.getByRole('alert')).toContainText(said.isHeld);
    await axe(page, 'an erasure that was refused');
    await dialog.getByRole('button', { name: said.cancel }).click();

    const lift = `${said.lift} (${said.conversation})`;
    await page.getByRole('button', { name: lift }).click();
    await dialog.getByRole('button', { name: said.lift }).click();
    // The focus goes on with what is left.
    await expect(page.getByRole('button', { name: said.lift })).toHaveCount(1);
    await expect(page.getByRole('button', { name: said.lift })).toBeFocused();
    await page.keyboard.press('Enter');
    await dialog.getByRole('button', { name: said.lift }).click();
    await expect(page.getByText(said.noHolds)).toBeFocused();
    await erase('1');
    await expect(dialog.getByRole('alert')).toContainText(said.isOpen);
    await page.keyboard.press('Escape');
    await expect(dialog).toHaveCount(0);

    const agent = await WireSession.agent(server, await Api.signIn(server));
    await agent.ask({ type: 'conversation.close', conversation });
    await erase('1');
    await expect(page.getByText(said.receipt)).toBeFocused();
    const receipts = page.getByRole('region', { name: said.receipts });
    await expect(receipts.locator('tbody tr')).toHaveCount(1);
    await axe(page, 'a receipt');
    await page.goto(`/admin${place}`);
    await expect(transcript.locator('.admin-text')).toHaveText([
      said.erased,
      said.erased,
      said.erased,
    ]);

    await page.goto('/admin?q=erased');
    await expect(page.locator('.admin-excerpt')).toHaveText(said.erased);

    await page.goto('/admin?view=cleanup');
    await page.getByLabel(said.find).fill('nobody-of-this-name');
    await page.getByRole('button', { name: said.findButton, exact: true }).click();
    await expect(page.getByText(said.nobody)).toBeVisible();
    await fits(page);

    // Who answered them reads the same in the console.
    await page.setViewportSize({ width: 1280, height: 800 });
    await page.goto(`/agent#${conversation}`);
    await expect(page.getByRole('log').locator('.bubble').first()).toContainText(said.erased);
    await expect(page.getByRole('log')).not.toContainText('[erased]');
    await page.getByRole('searchbox').fill('erased');
    await expect(page.locator('.inbox .excerpt')).toHaveText(said.erased);
  });
}
