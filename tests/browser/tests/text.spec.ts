// What people write is text, whatever it looks like, on both pages.

import { expect, test } from '../support/fixtures.ts';

test('an address before Chinese punctuation is linked exactly', async ({ people }) => {
  const customer = await people.customer();
  const agent = await people.agent();
  await customer.send('看https://example.com/a，谢谢');
  await customer.send('(see http://example.org/b_(c)?d=1&e=2#f). And javascript:alert(1)');
  await agent.choose('see');
  for (const page of [customer, agent]) {
    const links = page.log.getByRole('link');
    await expect(links).toHaveText(['https://example.com/a', 'http://example.org/b_(c)?d=1&e=2#f']);
    await expect(links.first()).toHaveAttribute('href', 'https://example.com/a');
    await expect(links.first()).toHaveAttribute('target', '_blank');
    await expect(links.first()).toHaveAttribute('rel', /noopener.*noreferrer/);
    await page.shows([
      '看https://example.com/a，谢谢',
      '(see http://example.org/b_(c)?d=1&e=2#f). And javascript:alert(1)',
    ]);
  }
});

test('markup appears as the text that it is', async ({ people }) => {
  const customer = await people.customer();
  const agent = await people.agent();
  const hostile = [
    '<img src=x onerror="document.title=1">',
    '<script>document.title = 2</script>',
    '</div><svg onload=alert(3)>&lt;b&gt;',
    '"><a href="javascript:alert(4)">x</a>',
  ];
  for (const text of hostile) await customer.send(text);
  await agent.choose('javascript');
  for (const page of [customer, agent]) {
    await page.shows(hostile);
    await expect(page.log.locator('img, script, svg[onload], b, a')).toHaveCount(0);
  }
  for (const text of hostile) await agent.send(text);
  await customer.shows([...hostile, ...hostile]);
  await expect(agent.rows.first()).toContainText('<a href="javascript:alert(4)">');
  await expect(customer.page).toHaveTitle('Chat with us');
});

test('line breaks, emoji, right-to-left text and long words arrive as they were', async ({
  people,
}) => {
  const customer = await people.customer();
  const agent = await people.agent();
  const texts = [
    'two\nlines',
    '👩‍👩‍👧‍👦 and 𠮷野家',
    'مرحبا، كيف حالك؟',
    'Donaudampfschifffahrtselektrizitätenhauptbetriebswerkbauunterbeamtengesellschaft',
  ];
  for (const text of texts) {
    await customer.composer.fill(text);
    await customer.sendButton.click();
  }
  await agent.choose('Donau');
  for (const page of [customer, agent]) {
    await expect(page.texts).toHaveCount(texts.length);
    await expect.poll(() => page.texts.allInnerTexts()).toEqual(texts);
  }
});
