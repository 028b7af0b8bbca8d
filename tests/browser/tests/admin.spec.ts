// The page for those who review: found by a filter, read, exported, and linked to.

import { readFile } from 'node:fs/promises';
import { axe, fits, signedIn, talk } from '../support/admin.ts';
import { expect, test } from '../support/fixtures.ts';

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
    saved: 'Saved: 1 conversation, 4 messages.',
    agent: 'Agent',
    nobody: 'Nobody',
    channel: 'Came by',
    page: 'Page',
    views: ['History', 'Reports', 'Audit log', 'Clean-up'],
    console: 'Console',
    review: 'History and reports',
    forAdmins: 'This page is for administrators only.',
    noSuchPage: 'There is no such page. Choose one of those above.',
    refused: 'This cannot be asked for. Agent: one of the list',
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
    agent: '客服',
    nobody: '无人接待',
    channel: '来源',
    page: '网页',
    views: ['会话记录', '报表', '审计日志', '数据清理'],
    console: '工作台',
    review: '会话记录与报表',
    forAdmins: '此页面仅限管理员查看。',
    noSuchPage: '没有此页面，请从上方选择。',
    refused: '筛选条件无效。“客服”：请从列表中选择',
    no: '只有主管和管理员可以查看会话记录。',
  },
} as const;

for (const language of ['en', 'zh'] as const) {
  const said = SAID[language];

  test(`what was said is found, read, exported and linked to (${language})`, async ({
    people,
    server,
    watch,
  }) => {
    await talk(server);
    const page = await signedIn(people, watch, language);
    await expect(page.getByRole('heading', { level: 1 })).toHaveText(said.history);
    const count = page.locator('.admin-count');
    await expect(count).toHaveText(said.two);
    await axe(page, 'the list');

    await page.getByLabel(said.words, { exact: true }).fill('退款');
    await page.getByRole('button', { name: said.show, exact: true }).click();
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

    await page.getByLabel(said.agent, { exact: true }).selectOption(said.nobody);
    await page.getByRole('button', { name: said.show, exact: true }).click();
    await expect(count).toHaveText(said.one);
    await page.getByLabel(said.agent, { exact: true }).selectOption('Admin');
    await page.getByRole('button', { name: said.show, exact: true }).click();
    await expect(page.getByRole('link', { name: said.customer })).toBeVisible();
    await expect(count).toHaveText(said.one);
    await page.getByLabel(said.channel, { exact: true }).selectOption('Socket.IO');
    await page.getByRole('button', { name: said.show, exact: true }).click();
    await expect(count).toHaveText(said.nothing);
    await page.getByLabel(said.channel, { exact: true }).selectOption(said.page);
    await page.getByRole('button', { name: said.show, exact: true }).click();
    await expect(count).toHaveText(said.one);

    watch.announce(/400.*\/api\/v1\/history/);
    await page.goto('/admin?agent=everybody');
    await expect(page.getByRole('alert')).toHaveText(said.refused);
    await expect(page.getByLabel(said.agent, { exact: true })).toHaveAttribute('aria-invalid', 'true');
    await axe(page, 'a filter that was refused');
    await page.goto('/admin?from=2020-01-01&to=2020-01-02');
    await expect(count).toHaveText(said.nothing);
    await fits(page);
  });

  test(`the console leads here (${language})`, async ({ people }) => {
    const { page } = await people.agent({ language });
    await page.locator('.staff .menu > summary').click();
    await page.getByRole('link', { name: said.review }).click();
    await expect(page.getByRole('heading', { level: 1 })).toHaveText(said.history);
  });

  test(`each view has an address of its own (${language})`, async ({ people, server, watch }) => {
    const page = await signedIn(people, watch, language);
    const heading = page.getByRole('heading', { level: 1 });
    const links = page.getByRole('navigation').getByRole('link');
    await expect(links).toHaveText([...said.views, said.console]);
    for (const view of said.views) {
      await page.getByRole('link', { name: view, exact: true }).click();
      await expect(heading).toHaveText(view);
      await expect(page).toHaveTitle(`${view} · Kefu`);
      await expect(page.locator('nav [aria-current=page]')).toHaveText(view);
    }
    await page.reload();
    await expect(heading).toHaveText(said.views[3]);
    for (const view of [2, 1, 0]) {
      await page.goBack();
      await expect(heading).toHaveText(said.views[view] ?? '');
    }
    await page.goto('/admin?view=nonsense');
    await expect(page.getByRole('alert')).toHaveText(said.noSuchPage);
    await axe(page, 'no such view');

    // A supervisor reviews, and is told what is not for them.
    await server.addAgent('wu', 'Wu', 'supervisor');
    const wu = await signedIn(people, watch, language, 'wu');
    await expect(wu.getByRole('navigation').getByRole('link')).toHaveText([
      ...said.views.slice(0, 2),
      said.console,
    ]);
    for (const view of ['audit', 'cleanup']) {
      await wu.goto(`/admin?view=${view}`);
      await expect(wu.getByRole('alert')).toHaveText(said.forAdmins);
      await axe(wu, `${view}, which is for admins`);
    }
    await wu.goto('/admin');
    await expect(wu.getByLabel(said.agent, { exact: true }).getByRole('option', { name: 'Wu' })).toHaveCount(1);
  });

  test(`who may not review sees nothing of it (${language})`, async ({ people, watch }) => {
    const agent = await people.colleague('Li Wei', { language });
    await agent.openMenu();
    await expect(agent.page.getByRole('link', { name: said.review })).toHaveCount(0);
    watch.announce(/403/);
    await agent.page.goto('/admin');
    await expect(agent.page.getByRole('alert')).toHaveText(said.no);
    await axe(agent.page, 'no role');
  });
}
