// The page for those who review: found by a filter, read, exported, and linked to.

import { readFile } from 'node:fs/promises';
import { AxeBuilder } from '@axe-core/playwright';
import type { Page } from '@playwright/test';
import { expect, test } from '../support/fixtures.ts';
import { ADMIN, type Server } from '../support/server.ts';
import { Api, WireSession } from '../support/wire.ts';

const SAID = {
  en: {
    history: 'History',
    words: 'Words',
    show: 'Show',
    one: '1 conversation',
    two: '2 conversations',
    nothing: 'No conversations in this period',
    transcript: 'Transcript',
    back: 'Back to the list',
    note: 'Note',
    customer: 'Customer 1',
    saved: 'Saved: 1 conversations, 4 messages.',
    agent: 'Agent (id, or none)',
    no: 'Only supervisors and administrators may review what was said.',
  },
  zh: {
    history: '会话记录',
    words: '内容',
    show: '查询',
    one: '1 个会话',
    two: '2 个会话',
    nothing: '此期间没有会话',
    transcript: '会话内容',
    back: '返回列表',
    note: '备注',
    customer: '客户 1',
    saved: '已保存：1 个会话、4 条消息。',
    agent: '客服（编号，或 none）',
    no: '只有主管和管理员可以查看会话记录。',
  },
} as const;

async function axe(page: Page, state: string) {
  for (const colorScheme of ['light', 'dark'] as const) {
    await page.emulateMedia({ colorScheme });
    const { violations } = await new AxeBuilder({ page }).analyze();
    const found = violations.map(({ id, nodes }) => `${id}: ${nodes[0]?.html}`);
    expect(found, `${state}, ${colorScheme}`).toEqual([]);
  }
}

async function talk(server: Server): Promise<void> {
  const first = await WireSession.customer(server);
  const conversation = await first.post('What about my refund? 我的退款呢？ <b>!</b>');
  const agent = await WireSession.agent(server, await Api.signIn(server));
  await agent.ask({ type: 'conversation.take', conversation });
  await agent.post('One moment', conversation);
  await agent.ask({
    type: 'message.post',
    conversation,
    client_id: 'note-1',
    text: 'Second time',
    kind: 'note',
  });
  await (await WireSession.customer(server)).post('Hello');
}

for (const language of ['en', 'zh'] as const) {
  const said = SAID[language];

  test(`what was said is found, read, exported and linked to (${language})`, async ({
    people,
    server,
    watch,
  }) => {
    await talk(server);
    const { page } = await people.visitor({ language });
    await page.goto('/admin');
    watch.announce(/401.*\/api\/v1\/me/);
    await page.locator('[autocomplete=username]').fill(ADMIN.username);
    await page.locator('[type=password]').fill(ADMIN.password);
    await page.keyboard.press('Enter');
    await expect(page.getByRole('heading', { level: 1 })).toHaveText(said.history);
    const count = page.locator('.admin-count');
    await expect(count).toHaveText(said.two);
    await axe(page, 'the list');

    await page.getByLabel(said.words, { exact: true }).fill('退款');
    await page.getByRole('button', { name: said.show }).click();
    await expect(count).toHaveText(said.one);
    await expect(page.locator('.admin-excerpt mark')).toHaveText('退款');
    await expect(page).toHaveURL(/q=%E9%80%80%E6%AC%BE/);

    const [saved] = await Promise.all([
      page.waitForEvent('download'),
      page.getByRole('button', { name: 'CSV' }).click(),
    ]);
    const csv = await readFile(await saved.path(), 'utf8');
    expect(csv).toContain('What about my refund? 我的退款呢？ <b>!</b>');
    expect(csv).not.toContain('Hello');
    await expect(page.getByText(said.saved)).toBeVisible();

    await page.getByRole('link', { name: said.customer }).click();
    const transcript = page.getByRole('region', { name: said.transcript });
    await expect(transcript.locator('.admin-message')).toHaveCount(3);
    await expect(transcript.locator('.admin-event')).toHaveCount(1);
    await expect(transcript.locator('.is-note')).toContainText(said.note);
    await expect(transcript.locator('mark')).toHaveText('退款');
    await expect(transcript).toContainText('<b>!</b>');
    await axe(page, 'a transcript');
    await page.reload();
    await expect(transcript.locator('.admin-message')).toHaveCount(3);
    await page.goBack();
    await expect(count).toHaveText(said.one);
    await page.goBack();
    await expect(count).toHaveText(said.two);

    await page.getByLabel(said.agent).fill('everybody');
    watch.announce(/400.*\/api\/v1\/history/);
    await page.getByRole('button', { name: said.show }).click();
    await expect(page.getByRole('alert')).toContainText('agent must be');
    await expect(page.getByLabel(said.agent)).toHaveAttribute('aria-invalid', 'true');
    await axe(page, 'a filter that was refused');
    await page.goto('/admin?from=2020-01-01&to=2020-01-02');
    await expect(count).toHaveText(said.nothing);
    await page.setViewportSize({ width: 320, height: 640 });
    const sideways = await page.evaluate(
      () => document.documentElement.scrollWidth - document.documentElement.clientWidth,
    );
    expect(sideways).toBe(0);
  });

  test(`who may not review sees nothing of it (${language})`, async ({ people, watch }) => {
    const agent = await people.colleague('Li Wei', { language });
    watch.announce(/403/);
    await agent.page.goto('/admin');
    await expect(agent.page.getByRole('alert')).toHaveText(said.no);
    await axe(agent.page, 'no role');
  });
}
