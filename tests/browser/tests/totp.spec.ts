// Signing in with a second factor: set up, asked for, a recovery code, switched off.

import jsQR from 'jsqr';
import { code } from '../support/authenticator.ts';
import type { Locator } from '@playwright/test';
import { expect, test } from '../support/fixtures.ts';
import { ADMIN } from '../support/server.ts';

test('an agent sets up a second factor and signs in with it', async ({ people, watch }) => {
  const agent = await people.agent();
  const { page } = agent;
  await page.goto('/agent#account');
  const box = page.getByRole('region', { name: 'Second factor' });
  await box.getByLabel('Your password').fill(ADMIN.password);
  await box.getByRole('button', { name: 'Set up' }).click();
  const secret = ((await box.locator('code').textContent()) ?? '').replaceAll(' ', '');
  expect(secret).toMatch(/^[A-Z2-7]{32}$/);
  // What a camera would read.
  const link = await box.getByRole('link').getAttribute('href');
  expect(link).toContain(secret);
  expect(await read(box.getByRole('img', { name: 'QR code of the key' }))).toBe(link);
  watch.announce(/401.*totp\/confirm/);
  await box.getByLabel('Code', { exact: true }).fill('000 000x');
  await box.getByRole('button', { name: 'Confirm' }).click();
  await expect(box.getByRole('alert')).toContainText('The code is wrong');
  await box.getByLabel('Code', { exact: true }).fill(code(secret, -1));
  await box.getByRole('button', { name: 'Confirm' }).click();
  const codes = box.getByRole('list', { name: 'Recovery codes' }).getByRole('listitem');
  await expect(codes).toHaveCount(10);
  const [recovery = ''] = await codes.allTextContents();
  await box.getByRole('button', { name: 'I have kept them' }).click();
  await expect(box).toContainText('10 recovery codes are left');
  await agent.signOut();

  watch.announce(/401.*\/api\/v1\/login/);
  await agent.signIn(ADMIN.password);
  await page.getByLabel('Code').fill('000000');
  await agent.signInButton.click();
  await expect(page.getByRole('alert')).toContainText('The code is wrong');
  await page.getByLabel('Code').fill(code(secret));
  await agent.signInButton.click();
  await expect(agent.inbox).toBeVisible();
  await agent.signOut();
  await agent.signIn(ADMIN.password);
  await page.getByLabel('Code').fill(recovery.toUpperCase());
  await agent.signInButton.click();
  await expect(agent.inbox).toBeVisible();

  await page.goto('/agent#account');
  await expect(box).toContainText('9 recovery codes are left');
  await box.getByLabel('Your password').fill(ADMIN.password);
  await box.getByRole('button', { name: 'Switch off' }).click();
  await expect(box).toContainText('Signing in takes your password alone.');
});

test('the QR code is dark on light in every theme', async ({ people }) => {
  const looks = [
    { colorScheme: 'dark', language: 'zh' },
    { forcedColors: 'active', colorScheme: 'dark', language: 'zh' },
  ] as const;
  for (const browsing of looks) {
    const agent = await people.agent(browsing);
    await agent.page.goto('/agent#account');
    const box = agent.page.getByRole('region', { name: '两步验证' });
    await box.getByLabel('您的密码').fill(ADMIN.password);
    await box.getByRole('button', { name: '设置' }).click();
    const link = await box.getByRole('link').getAttribute('href');
    expect(await read(box.getByRole('img', { name: '密钥的二维码' }))).toBe(link);
  }
});

/** The text of a QR code as it is on the screen. */
async function read(picture: Locator): Promise<string | undefined> {
  const png = (await picture.screenshot()).toString('base64');
  // A page of its own, for ours lets no picture of a test be loaded.
  const blank = await picture.page().context().newPage();
  const { pixels, width, height } = await blank.evaluate(async png => {
    const bytes = Uint8Array.from(atob(png), character => character.charCodeAt(0));
    const bitmap = await createImageBitmap(new Blob([bytes], { type: 'image/png' }));
    const { width, height } = bitmap;
    const context = new OffscreenCanvas(width, height).getContext('2d');
    context?.drawImage(bitmap, 0, 0);
    return { pixels: [...(context?.getImageData(0, 0, width, height).data ?? [])], width, height };
  }, png);
  await blank.close();
  return jsQR.default(Uint8ClampedArray.from(pixels), width, height)?.data;
}
