// Accounts on the console: an admin makes and changes them, and everybody looks after their own.
// Each state is held against axe, in light and dark.

import { AxeBuilder } from '@axe-core/playwright';
import type { BrowserContext, Locator, Page } from '@playwright/test';
import { expect, test } from '../support/fixtures.ts';
import type { ConsolePage } from '../support/pages.ts';
import { ADMIN } from '../support/server.ts';
import { speech } from '../support/speech.ts';

test.describe.configure({ timeout: 240_000 });

const SAID = {
  en: {
    mine: 'My account',
    all: 'Accounts',
    newAccount: 'New account',
    name: 'Name',
    role: 'Role',
    chosenPassword: 'Password (optional)',
    create: 'Create account',
    created: 'The account is made.',
    taken: 'There is an account of this user name already.',
    invalid: 'A user name has 1 to 64 small letters, digits or . _ - @',
    copy: 'Copy',
    copied: 'Copied',
    done: 'Done',
    edit: 'Edit',
    save: 'Save',
    saved: 'Saved.',
    cancel: 'Cancel',
    disable: 'Disable',
    enable: 'Enable',
    disabled: 'Disabled',
    reset: 'Reset password',
    supervisor: 'Supervisor',
    agent: 'Agent',
    you: 'You',
    current: 'Current password',
    next: 'New password',
    repeat: 'Repeat the new password',
    change: 'Change password',
    wrong: 'The current password is wrong.',
    differ: 'The two new passwords differ.',
    short: 'A password has 8 to 200 characters.',
    changed: 'The password is changed. You are signed out everywhere else.',
    sessions: 'Where you are signed in',
    thisOne: 'This one',
    end: 'End',
    ended: 'The session is ended.',
    endOthers: 'End all others',
    othersEnded: 'All other sessions are ended.',
    forbidden: 'You are not allowed to do this.',
  },
  zh: {
    mine: '我的账号',
    all: '账号管理',
    newAccount: '新建账号',
    name: '姓名',
    role: '角色',
    chosenPassword: '密码（可选）',
    create: '创建账号',
    created: '账号已创建。',
    taken: '该用户名已被使用。',
    invalid: '用户名须为 1 到 64 个小写字母、数字或 . _ - @',
    copy: '复制',
    copied: '已复制',
    done: '完成',
    edit: '编辑',
    save: '保存',
    saved: '已保存。',
    cancel: '取消',
    disable: '停用',
    enable: '启用',
    disabled: '已停用',
    reset: '重置密码',
    supervisor: '主管',
    agent: '客服',
    you: '您',
    current: '当前密码',
    next: '新密码',
    repeat: '再次输入新密码',
    change: '修改密码',
    wrong: '当前密码错误。',
    differ: '两次输入的新密码不一致。',
    short: '密码须为 8 到 200 个字符。',
    changed: '密码已修改，您在其他地方的登录已全部退出。',
    sessions: '登录中的设备',
    thisOne: '当前设备',
    end: '退出',
    ended: '该设备已退出登录。',
    endOthers: '退出其他全部设备',
    othersEnded: '其他设备已全部退出登录。',
    forbidden: '您没有权限进行此操作。',
  },
} as const;

const RULES = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'];
const STRANGE = { zh: /\p{Script=Latin}{2,}/u, en: /[\p{Script=Han}，。！？：；（）]/u };

/** Nothing is wrong with what is seen: axe, sideways scroll, words of the other language. */
async function look(page: Page, state: string, language: 'en' | 'zh'): Promise<void> {
  for (const colorScheme of ['light', 'dark'] as const) {
    await page.emulateMedia({ colorScheme });
    const { violations } = await new AxeBuilder({ page }).setLegacyMode().withTags(RULES).analyze();
    const found = violations.flatMap(({ id, nodes }) =>
      nodes.map(node => `${id}: ${node.html.slice(0, 160)} ${node.failureSummary ?? ''}`),
    );
    expect.soft(found, `${state}, ${colorScheme}`).toEqual([]);
    const folder = process.env.KEFU_SHOTS;
    if (folder) {
      const width = page.viewportSize()?.width;
      await page.screenshot({ path: `${folder}/${state}-${language}-${width}-${colorScheme}.png` });
    }
  }
  const wide = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
  expect.soft(wide, `${state}: sideways scroll`).toBeLessThanOrEqual(0);
  const strange = (await speech(page))
    .map(text => text.replace(/\bKefu\b|\bAlt\b/g, ''))
    .filter(text => STRANGE[language].test(text));
  expect.soft(strange, `${state}: words of the other language`).toEqual([]);
}

/** The browser's answers to what is refused on purpose. */
const REFUSED = /(409|401|400).*\/api\/v1\/(accounts|me|login)/;

const row = (page: Page, username: string): Locator =>
  page.locator('.account-row').filter({ has: page.getByText(username, { exact: true }) });

async function signInAs(agent: ConsolePage, username: string, password: string): Promise<void> {
  await agent.username.fill(username);
  await agent.password.fill(password);
  await agent.signInButton.click();
}

async function allowClipboard(context: BrowserContext): Promise<void> {
  await context.grantPermissions(['clipboard-read', 'clipboard-write']);
}

const SCREENS = [
  { language: 'en', viewport: { width: 1280, height: 800 } },
  { language: 'zh', viewport: { width: 1280, height: 800 } },
  { language: 'en', viewport: { width: 390, height: 844 } },
  { language: 'zh', viewport: { width: 390, height: 844 } },
] as const;

for (const { language, viewport } of SCREENS) {
  const said = SAID[language];
  const narrow = viewport.width < 640;

  test(`an admin looks after accounts, in ${language} at ${viewport.width} px`, async ({
    people,
    watch,
  }) => {
    watch.announce(REFUSED);
    const admin = await people.agent({ language, viewport });
    const { page } = admin;
    await allowClipboard(page.context());
    await admin.panel(said.all);
    const panel = page.getByRole('region', { name: said.all, exact: true });
    await expect(panel).toBeFocused();
    await expect(row(page, ADMIN.username)).toContainText(said.you);
    await look(page, 'accounts', language);

    await panel.getByText(said.newAccount, { exact: true }).click();
    const form = page.getByRole('form', { name: said.newAccount });
    const username = form.getByRole('textbox', { name: admin.words.username });
    await username.fill('li wei');
    await form.getByRole('textbox', { name: said.name, exact: true }).fill('李伟');
    await form.getByRole('combobox', { name: said.role }).selectOption(said.supervisor);
    await form.getByRole('button', { name: said.create }).click();
    await expect(form.getByRole('alert')).toHaveText(said.invalid);
    await expect(username).toBeFocused();
    await username.fill(ADMIN.username);
    await form.getByRole('button', { name: said.create }).click();
    await expect(form.getByRole('alert')).toHaveText(said.taken);
    await look(page, 'new-account-refused', language);
    await username.fill('li.wei');
    await username.press('Enter');
    await expect(form.getByRole('status')).toHaveText(said.created);
    const secret = page.getByRole('region', { name: admin.words.password, exact: true });
    await expect(secret).toBeFocused();
    const password = await secret.getByRole('textbox').inputValue();
    expect(password).toHaveLength(16);
    await secret.getByRole('button', { name: said.copy }).click();
    await expect(secret.getByRole('status')).toHaveText(said.copied);
    expect(await page.evaluate(() => navigator.clipboard.readText())).toBe(password);
    await expect(row(page, 'li.wei')).toContainText(said.supervisor);
    await look(page, 'new-account-made', language);
    await secret.getByRole('button', { name: said.done }).click();
    await expect(secret).toHaveCount(0);
    await panel.locator('summary').click();

    // The new colleague signs in, and has no accounts to look after.
    const li = await people.visitor({ language, viewport });
    await signInAs(li, 'li.wei', password);
    await li.online();
    await li.openMenu();
    await expect(li.page.getByRole('link', { name: said.mine })).toBeVisible();
    await expect(li.page.getByRole('link', { name: said.all, exact: true })).toHaveCount(0);
    await li.page.goto('/agent#accounts');
    await expect(li.page.getByRole('alert').filter({ hasText: said.forbidden })).toBeVisible();
    await look(li.page, 'forbidden', language);

    // Another name ends nothing; being disabled ends everything at once.
    const edit = { name: `${said.edit} li.wei` };
    await row(page, 'li.wei').getByRole('button', edit).click();
    await expect(
      row(page, 'li.wei').getByRole('textbox', { name: said.name, exact: true }),
    ).toBeFocused();
    await look(page, 'edit', language);
    await page.keyboard.press('Escape');
    await expect(row(page, 'li.wei')).toBeFocused();
    await row(page, 'li.wei').getByRole('button', edit).click();
    await row(page, 'li.wei').getByRole('textbox', { name: said.name, exact: true }).fill('李小伟');
    await row(page, 'li.wei').getByRole('button', { name: said.save }).click();
    await expect(row(page, 'li.wei').getByRole('status')).toHaveText(said.saved);
    await expect(row(page, 'li.wei')).toContainText('李小伟');
    await expect(li.page.locator('.desk')).toBeVisible();

    await row(page, 'li.wei').getByRole('button', { name: said.disable }).click();
    await look(page, 'disable', language);
    await row(page, 'li.wei').getByRole('button', { name: said.disable }).click();
    await expect(row(page, 'li.wei')).toContainText(said.disabled);
    await expect(li.signInButton).toBeVisible();
    await signInAs(li, 'li.wei', password);
    await expect(li.page.getByRole('alert')).not.toHaveText('');
    await look(page, 'disabled', language);
    await row(page, 'li.wei').getByRole('button', { name: said.enable }).click();
    await expect(row(page, 'li.wei')).not.toContainText(said.disabled);

    await row(page, 'li.wei').getByRole('button', { name: said.reset }).click();
    await row(page, 'li.wei').getByRole('button', { name: said.cancel }).click();
    await row(page, 'li.wei').getByRole('button', { name: said.reset }).click();
    await row(page, 'li.wei').getByRole('button', { name: said.reset }).click();
    const another = await row(page, 'li.wei').locator('.secret input').inputValue();
    expect(another).not.toBe(password);
    await look(page, 'reset', language);
    await signInAs(li, 'li.wei', another);
    await expect(li.page.locator('.desk')).toBeVisible();

    await row(page, 'li.wei').getByRole('button', edit).click();
    await row(page, 'li.wei').getByRole('combobox', { name: said.role }).selectOption(said.agent);
    await row(page, 'li.wei').getByRole('button', { name: said.save }).click();
    await expect(row(page, 'li.wei').locator('.entry-main')).toContainText(said.agent);
    await expect(li.signInButton, 'another role signs out').toBeVisible();

    // One's own account: no way to lock oneself out.
    const own = row(page, ADMIN.username);
    await expect(own.getByRole('button')).toHaveCount(1);
    await own.getByRole('button', { name: said.edit }).click();
    await expect(own.getByRole('combobox')).toHaveCount(0);
    await own.getByRole('button', { name: said.cancel }).click();
    if (narrow) {
      await admin.back.click();
      await expect(admin.menu).toBeFocused();
    }
  });

  test(`everybody looks after their own account, in ${language} at ${viewport.width} px`, async ({
    people,
    watch,
  }) => {
    watch.announce(REFUSED);
    const here = await people.agent({ language, viewport });
    const there = await people.agent({ language, viewport });
    const third = await people.agent({ language, viewport });
    const { page } = here;
    await here.panel(said.mine);
    const sessions = page.getByRole('region', { name: said.sessions });
    const entries = sessions.getByRole('listitem');
    await expect(entries).toHaveCount(3);
    await expect(entries.filter({ hasText: said.thisOne })).toHaveCount(1);
    await expect(entries.first()).toContainText('Chrome');
    await look(page, 'account', language);

    const form = page.getByRole('form', { name: said.change });
    const submit = form.getByRole('button', { name: said.change });
    const fill = async (current: string, next: string, repeat: string) => {
      await form.getByLabel(said.current).fill(current);
      await form.getByLabel(said.next, { exact: true }).fill(next);
      await form.getByLabel(said.repeat).fill(repeat);
      await submit.click();
    };
    await fill(ADMIN.password, 'short', 'short');
    await expect(form.getByRole('alert')).toHaveText(said.short);
    await fill(ADMIN.password, 'another-password', 'another-passwort');
    await expect(form.getByRole('alert')).toHaveText(said.differ);
    await fill('not the password', 'another-password', 'another-password');
    await expect(form.getByRole('alert')).toHaveText(said.wrong);
    await expect(form.getByLabel(said.current)).toBeFocused();
    await look(page, 'wrong-password', language);

    // One session ended by hand, all others by a click, and the rest by another password.
    const ends = sessions.getByRole('button', { name: new RegExp(`^${said.end} `) });
    await ends.first().focus();
    await page.keyboard.press('Enter');
    await expect(sessions.getByRole('status')).toHaveText(said.ended);
    await expect(entries).toHaveCount(2);
    const desks = () => Promise.all([there, third].map(other => other.signInButton.isVisible()));
    await expect.poll(async () => (await desks()).filter(Boolean).length).toBe(1);
    await sessions.getByRole('button', { name: said.endOthers }).click();
    await expect(sessions.getByRole('status')).toHaveText(said.othersEnded);
    await expect(there.signInButton).toBeVisible();
    await expect(third.signInButton).toBeVisible();
    await expect(entries).toHaveCount(1);

    await signInAs(there, ADMIN.username, ADMIN.password);
    await there.online();
    await expect(there.page.locator('.desk')).toBeVisible();
    await fill(ADMIN.password, 'another-password', 'another-password');
    await expect(form.getByRole('status')).toHaveText(said.changed);
    await expect(there.signInButton).toBeVisible();
    await expect(form.getByLabel(said.current)).toHaveValue('');
    await look(page, 'password-changed', language);

    // The address leads back here, also after a reload.
    await page.reload();
    await expect(entries).toHaveCount(1);
    if (narrow) await here.back.click();
    await here.signOut();
    await signInAs(here, ADMIN.username, 'another-password');
    await here.online();
  });
}
