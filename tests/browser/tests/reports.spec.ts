// Reports: charts, and the same figures in tables.

import { randomBytes } from 'node:crypto';
import type { Locator, Page } from '@playwright/test';
import { axe, fits, signedIn, talk } from '../support/admin.ts';
import { expect, test } from '../support/fixtures.ts';
import type { Server } from '../support/server.ts';
import { Api, WireSession } from '../support/wire.ts';

const SAID = {
  en: {
    reports: 'Reports',
    summary: {
      Conversations: '2',
      Closed: '1',
      'From customers': '2',
      'From agents': '1',
      Rated: '1',
      'Mean rating': '4',
    },
    conversations: 'Conversations',
    byDay: 'By day',
    byAgent: 'By agent',
    byAgentAndDay: 'By agent and day',
    hours: 'Messages per hour: figures',
    scores: 'How conversations were rated: figures',
    agent: 'Agent',
    zone: 'Time zone',
    to: 'To',
    show: 'Show',
    nothing: 'Nothing was said in these days, and no conversation began.',
    noChart: 'The chart could not be loaded; the table below has its figures.',
    tooMany:
      'This cannot be asked for. To: a date, not before From and at most 365 days after it',
  },
  zh: {
    reports: '报表',
    summary: {
      会话: '2',
      已结束: '1',
      客户消息: '2',
      客服消息: '1',
      评价数: '1',
      平均评分: '4',
    },
    conversations: '会话',
    byDay: '按天',
    byAgent: '按客服',
    byAgentAndDay: '按客服和天',
    hours: '每小时消息数：数据',
    scores: '评分分布：数据',
    agent: '客服',
    zone: '时区',
    to: '到',
    show: '查询',
    nothing: '所选日期内没有消息，也没有新的会话。',
    noChart: '图表无法加载，数据见下方表格。',
    tooMany: '筛选条件无效。“到”：应为日期，不早于起始日期，最多晚 365 天',
  },
} as const;

/** Two conversations, of which one was answered, ended and found good. */
async function day(server: Server): Promise<void> {
  const token = randomBytes(32).toString('base64url');
  const conversation = await talk(server, token);
  const agent = await WireSession.agent(server, await Api.signIn(server));
  expect(await agent.ask({ type: 'conversation.close', conversation })).toBe('conversation.done');
  const rated = await fetch(`${server.url}/api/v1/conversations/${conversation}/rating`, {
    method: 'PUT',
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
    body: JSON.stringify({ score: 4, comment: '' }),
  });
  expect(rated.status).toBe(200);
}

/** One of the figures of all that was said. */
function figure(page: Page, name: string): Locator {
  const named = page.locator('dt', { hasText: new RegExp(`^${name}$`) });
  return page.locator('.admin-summary > div').filter({ has: named }).locator('dd');
}

/** How many pixels of each chart are not empty. */
function painted(page: Page): Promise<number[]> {
  return page.locator('.chart canvas').evaluateAll(canvases =>
    canvases.map(canvas => {
      const { width, height } = canvas as HTMLCanvasElement;
      const data = (canvas as HTMLCanvasElement)
        .getContext('2d')
        ?.getImageData(0, 0, width, height).data;
      return data?.filter((value, at) => at % 4 === 3 && value > 0).length ?? 0;
    }),
  );
}

for (const language of ['en', 'zh'] as const) {
  const said = SAID[language];

  test(`what was said is counted and drawn (${language})`, async ({ people, server, watch }) => {
    await day(server);
    const page = await signedIn(people, watch, language);
    await expect(page.locator('.admin-count')).not.toBeEmpty();
    const scripts: string[] = [];
    page.on('request', request => {
      if (request.resourceType() === 'script') scripts.push(request.url());
    });
    await page.getByRole('link', { name: said.reports }).click();
    for (const [name, value] of Object.entries(said.summary)) {
      await expect(figure(page, name)).toHaveText(value);
    }

    // Only who looks at charts loads what draws them.
    await expect(page.locator('.chart canvas')).toHaveCount(5);
    expect(scripts).toHaveLength(1);
    await expect
      .poll(async () => Math.min(...(await painted(page))), { message: 'painted' })
      .toBeGreaterThan(500);
    const chart = page.locator('.chart').nth(1);
    const over = chart.locator('.u-over');
    const box = await over.boundingBox();
    await over.hover({ position: { x: (box?.width ?? 0) - 8, y: 20 } });
    await expect(chart.locator('.chart-at')).toHaveText(/ · 2$/);

    // The tables say the same.
    const table = (name: string) => page.getByRole('region', { name, exact: true });
    const rows = (name: string) => table(name).locator('tbody tr');
    await expect(rows(said.byDay)).toHaveCount(7);
    const time = /^\d+ \S+$/;
    const times = [time, time, time, time];
    const today = ['2', '1', '2', '1', ...times, '1', '4'];
    await expect(rows(said.byDay).last().getByRole('cell')).toHaveText(today);
    await expect(table(said.byDay).locator('tfoot td').first()).toHaveText('2');
    await expect(rows(said.byAgent)).toHaveCount(1);
    await expect(rows(said.byAgent).getByRole('rowheader')).toHaveText('Admin');
    for (const name of [said.byAgentAndDay, said.hours, said.scores]) {
      await page.locator('summary', { hasText: new RegExp(`^${name}$`) }).click();
      await expect(table(name)).toBeVisible();
    }
    await expect(rows(said.byAgentAndDay)).toHaveCount(1);
    await expect(rows(said.hours)).toHaveCount(7 * 24);
    const cells = await rows(said.hours).getByRole('cell').allTextContents();
    const sum = cells.reduce((all, cell) => all + Number(cell), 0);
    expect(sum).toBe(3);
    await expect(rows(said.scores).nth(3).getByRole('cell')).toHaveText('1');
  });

  test(`a report is of what the address says (${language})`, async ({ people, server, watch }) => {
    await day(server);
    const [from, to] = [-1, 1].map(days =>
      new Date(Date.now() + days * 86_400_000).toISOString().slice(0, 10),
    );
    const place = `?view=reports&from=${from}&to=${to}&tz=Asia/Tokyo`;
    const page = await signedIn(people, watch, language, undefined, place);
    await expect(figure(page, said.conversations)).toHaveText('2');
    for (const name of [said.byAgentAndDay, said.scores]) {
      await page.locator('summary', { hasText: new RegExp(`^${name}$`) }).click();
    }
    await axe(page, 'reports');

    await page.getByLabel(said.agent, { exact: true }).selectOption('Admin');
    await page.getByLabel(said.zone, { exact: true }).selectOption('America/New York');
    await page.getByRole('button', { name: said.show, exact: true }).click();
    await expect(figure(page, said.conversations)).toHaveText('1');
    await expect(page).toHaveURL(/tz=America%2FNew_York&agent=1/);
    await page.reload();
    await expect(figure(page, said.conversations)).toHaveText('1');
    await expect(page.getByLabel(said.zone, { exact: true })).toHaveValue('America/New_York');
    await page.goBack();
    await expect(figure(page, said.conversations)).toHaveText('2');

    await page.goto('/admin?view=reports&from=2020-01-01&to=2020-01-02&tz=UTC');
    await expect(page.getByText(said.nothing).first()).toBeVisible();
    await axe(page, 'reports of nothing');
    await fits(page);
    watch.announce(/400.*\/api\/v1\/reports/);
    await page.goto('/admin?view=reports&from=2020-01-01&to=2026-01-01');
    await expect(page.getByRole('alert')).toHaveText(said.tooMany);
    await expect(page.getByLabel(said.to, { exact: true })).toHaveAttribute('aria-invalid', 'true');
    await axe(page, 'reports of too many days');
  });

  test(`without what draws the charts there are the figures (${language})`, async ({
    people,
    server,
    watch,
  }) => {
    await day(server);
    const page = await signedIn(people, watch, language);
    await expect(page.locator('.admin-count')).not.toBeEmpty();
    watch.announce(/net::ERR_FAILED/);
    await page.route('**/*.js', route => route.abort());
    await page.getByRole('link', { name: said.reports }).click();
    await expect(page.locator('.chart-at').first()).toHaveText(said.noChart);
    await expect(page.getByRole('region', { name: said.byDay })).toBeVisible();
  });
}
