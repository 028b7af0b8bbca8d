// What the server lets a browser do with the pages, and that the pages live with it.

import { expect, test } from '../support/fixtures.ts';

for (const [path, ancestors] of [
  ['/', "'self'"],
  ['/agent', "'none'"],
] as const) {
  test(`${path} comes with the strict policy, and works under it`, async ({ people, server }) => {
    const response = await fetch(server.url + path);
    const policy = Object.fromEntries(
      (response.headers.get('content-security-policy') ?? '')
        .split(';')
        .map(directive => directive.trim().split(/\s+/))
        .map(([name, ...values]) => [name, values.join(' ')]),
    );
    expect(policy).toMatchObject({
      'default-src': "'none'",
      'script-src': "'self'",
      'style-src': "'self'",
      'connect-src': "'self'",
      'base-uri': "'none'",
      'object-src': "'none'",
      'form-action': "'self'",
      'require-trusted-types-for': "'script'",
      'trusted-types': "'none'",
    });
    expect(policy['frame-ancestors']).toContain(ancestors);
    expect(response.headers.get('x-content-type-options')).toBe('nosniff');
    expect(response.headers.get('referrer-policy')).toBeTruthy();
    expect(response.headers.get('content-type')).toBe('text/html; charset=utf-8');

    // Any violation is a complaint, and fails the test (support/watch.ts).
    if (path === '/') {
      const customer = await people.customer();
      await customer.send('works');
      await customer.settled();
    } else {
      await people.agent();
    }
  });
}

test('the policy is enforced: the browser refuses markup from text', async ({ people, watch }) => {
  const customer = await people.customer();
  watch.announce(/Trusted ?Types?|TrustedHTML|policy violated: require-trusted-types-for/i);
  const refused = await customer.page.evaluate(() => {
    try {
      document.createElement('div').innerHTML = '<b>x</b>';
      return 'not refused';
    } catch (error) {
      return (error as Error).name;
    }
  });
  expect(refused).toBe('TypeError');
});

test('without JavaScript both pages say so in both languages', async ({
  people,
  server,
  watch,
}) => {
  // The scripts that the page names are not run; Chromium calls that "csp".
  watch.announce(/^request failed: GET .*\.js csp$/);
  for (const path of ['/', '/agent']) {
    const page = await people.page({ javaScriptEnabled: false });
    await page.goto(server.url + path);
    await expect(page.locator('[lang="en"]').getByText('needs JavaScript')).toBeVisible();
    await expect(page.locator('[lang="zh-Hans"]').getByText('需要 JavaScript')).toBeVisible();
  }
});
