// The audit log: filtered, read on, exported, and linked to what it is about.

import { readFile } from 'node:fs/promises';
import { axe, fits, signedIn, talk } from '../support/admin.ts';
import { expect, test } from '../support/fixtures.ts';
import { Api } from '../support/wire.ts';

const SAID = {
  en: {
    audit: 'Audit log',
    who: 'Who',
    what: 'What',
    from: 'From',
    show: 'Show',
    changed: 'Changed settings',
    read: 'Read a transcript',
    refused: 'Was refused',
    nonsense: 'This cannot be asked for. What: one of the list',
    some: '50 entries so far',
    all: '60 entries',
    one: '1 entry',
    older: 'Show older entries',
    nothing: 'Nothing of the kind was done.',
    conversation: 'Conversation 1',
    transcript: 'Transcript',
  },
  zh: {
    audit: '审计日志',
    who: '操作人',
    what: '操作',
    from: '从',
    show: '查询',
    changed: '修改设置',
    read: '查看会话内容',
    refused: '被拒绝的操作',
    nonsense: '筛选条件无效。“操作”：请从列表中选择',
    some: '已显示 50 条记录',
    all: '60 条记录',
    one: '1 条记录',
    older: '显示更早的记录',
    nothing: '没有符合条件的记录。',
    conversation: '会话 1',
    transcript: '会话内容',
  },
} as const;

for (const language of ['en', 'zh'] as const) {
  const said = SAID[language];

  test(`who did what is found, read on and exported (${language})`, async ({
    people,
    server,
    watch,
  }) => {
    const conversation = await talk(server);
    const api = await Api.signIn(server);
    for (let change = 0; change < 60; change += 1) {
      await api.set('look', { name: `Tea House ${change}` });
    }
    const page = await signedIn(people, watch, language);
    await page.goto(`/admin?conversation=${conversation}`);
    const transcript = page.getByRole('region', { name: said.transcript });
    await expect(transcript.locator('.admin-message').first()).toBeVisible();
    await page.getByRole('link', { name: said.audit }).click();
    const count = page.locator('.admin-count');
    await expect(count).toHaveText(said.some);
    await axe(page, 'the log');

    await page.getByLabel(said.what, { exact: true }).selectOption(said.changed);
    await page.getByRole('button', { name: said.show, exact: true }).click();
    await expect(page).toHaveURL(/view=audit&action=settings_changed/);
    await expect(count).toHaveText(said.some);
    await page.getByRole('button', { name: said.older }).click();
    await expect(count).toHaveText(said.all);
    await expect(page.getByRole('button', { name: said.older })).toHaveCount(0);
    const rows = page.getByRole('region', { name: said.audit }).locator('tbody tr');
    await expect(rows).toHaveCount(60);
    await expect(rows.first()).toContainText('127.0.0.1');
    await expect(rows.first()).toContainText('sections: ["look"]');
    const [saved] = await Promise.all([
      page.waitForEvent('download'),
      page.getByRole('link', { name: 'CSV' }).click(),
    ]);
    const lines = (await readFile(await saved.path(), 'utf8')).trim().split('\n');
    expect(lines).toHaveLength(61);

    // What was read is a step away, and back.
    await page.getByLabel(said.what, { exact: true }).selectOption(said.read);
    await page.getByLabel(said.who, { exact: true }).selectOption('Admin');
    await page.getByRole('button', { name: said.show, exact: true }).click();
    await expect(count).toHaveText(said.one);
    await page.getByRole('link', { name: said.conversation }).click();
    await expect(transcript.locator('.admin-message').first()).toBeVisible();
    await page.goBack();
    await expect(count).toHaveText(/^\d/);

    await page.getByLabel(said.from, { exact: true }).fill('2999-01-01');
    await page.getByRole('button', { name: said.show, exact: true }).click();
    await expect(count).toHaveText(said.nothing);
    await fits(page);
    await page.setViewportSize({ width: 1280, height: 800 });
    watch.announce(/400.*\/api\/v1\/audit/);
    await page.goto('/admin?view=audit&action=nonsense');
    await expect(page.getByRole('alert')).toHaveText(said.nonsense);
    await expect(page.getByLabel(said.what, { exact: true })).toHaveAttribute('aria-invalid', 'true');
    await axe(page, 'a filter that was refused');
  });
}
