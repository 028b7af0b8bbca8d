// Signing in with a second factor: set up, asked for, a recovery code, switched off.

import { code } from '../support/authenticator.ts';
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
  watch.announce(/401.*totp\/confirm/);
  await box.getByLabel('Code').fill('000 000x');
  await box.getByRole('button', { name: 'Confirm' }).click();
  await expect(box.getByRole('alert')).toContainText('The code is wrong');
  await box.getByLabel('Code').fill(code(secret, -1));
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
