// The foot of the console is one line, whose menu holds all that is needed only now and then.

import { expect, test } from '../support/fixtures.ts';

test('the foot is one line, at every width of the list', async ({ people }) => {
  for (const viewport of [
    { width: 1280, height: 800 },
    { width: 320, height: 640 },
  ]) {
    const { page } = await people.agent({ viewport });
    const box = await page.locator('.staff').boundingBox();
    expect(box?.height).toBeLessThan(64);
    await expect(page.getByRole('link', { name: 'Settings' })).toHaveCount(0);
  }
});

test('the menu at the foot goes by the keyboard alone', async ({ people }) => {
  const agent = await people.agent();
  const { page } = agent;
  const link = (name: string) => page.getByRole('link', { name, exact: true });
  await agent.menu.focus();
  await page.keyboard.press('Enter');
  await page.keyboard.press('ArrowDown');
  await expect(page.locator('.agents-online > summary')).toBeFocused();
  await page.keyboard.press('ArrowDown');
  await expect(link('My account')).toBeFocused();
  await page.keyboard.press('End');
  await expect(page.getByRole('button', { name: 'Sign out' })).toBeFocused();
  await page.keyboard.press('ArrowUp');
  await expect(page.getByRole('button', { name: 'Keyboard shortcuts' })).toBeFocused();
  await page.keyboard.press('Escape');
  await expect(link('My account')).toHaveCount(0);
  await expect(agent.menu).toBeFocused();

  // An arrow key opens it too, and what a dialog had comes back to the button.
  await page.keyboard.press('ArrowUp');
  await expect(page.getByRole('button', { name: 'Sign out' })).toBeFocused();
  await page.keyboard.press('ArrowUp');
  await page.keyboard.press('Enter');
  await expect(agent.dialog).toBeVisible();
  await page.keyboard.press('Escape');
  await expect(agent.dialog).toHaveCount(0);
  await expect(agent.menu).toBeFocused();

  // The other language, and the focus is not lost with the button that is replaced.
  await agent.switchLanguage();
  await expect(page.locator('.staff .menu[open]')).toHaveCount(0);
  await expect(agent.menu).toBeFocused();
});
