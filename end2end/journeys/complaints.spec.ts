import { expect, test } from '../fixtures/test.ts';

// A test fails when its pages log what it does not expect. That they are heard is shown here: each test asks for
// what it provokes, and only then lets it pass.

test('hears an error that nothing catches, in every context of the browser', async ({ page, browser, world, complaints }) => {
  const elsewhere = await browser.newContext({ baseURL: world.url });
  const other = await elsewhere.newPage();
  for (const [index, one] of [page, other].entries()) {
    await one.goto('/');
    // Outside of what the driver itself awaits, as an island's own code.
    await one.evaluate((index) => {
      setTimeout(() => {
        throw new Error(`broken on purpose, ${index}`);
      });
    }, index);
    await one.evaluate((index) => void Promise.reject(new Error(`rejected on purpose, ${index}`)), index);
  }
  await expect.poll(() => complaints.unexpected().length).toBe(4);
  await elsewhere.close();
  for (const words of ['broken on purpose, 0', 'broken on purpose, 1', 'rejected on purpose, 0', 'rejected on purpose, 1']) {
    expect(complaints.unexpected()).toContainEqual(expect.stringContaining(`uncaught: Error: ${words}`));
  }
  complaints.expect(/^uncaught: Error: (broken|rejected) on purpose, \d/);
  expect(complaints.unexpected()).toEqual([]);
});

test('hears a trap in wasm, which is what a panic there comes to', async ({ page, complaints }) => {
  await page.goto('/');
  await page.evaluate(() => {
    // A module whose start function is `unreachable`.
    const bytes = [0, 97, 115, 109, 1, 0, 0, 0, 1, 4, 1, 96, 0, 0, 3, 2, 1, 0, 8, 1, 0, 10, 5, 1, 3, 0, 0, 11];
    void WebAssembly.instantiate(new Uint8Array(bytes));
  });
  await expect.poll(() => complaints.unexpected()).toEqual([expect.stringMatching(/^uncaught: RuntimeError: unreachable/)]);
  complaints.expect(/^uncaught: RuntimeError: unreachable/);
});

test('hears what is logged as an error or speaks of hydration, and nothing else', async ({ page, complaints }) => {
  await page.goto('/');
  await page.evaluate(() => {
    console.error('wrong on purpose');
    console.warn('a hydration mismatch on purpose');
    console.warn('of no interest');
    console.log('of no interest');
  });
  await expect.poll(() => complaints.unexpected()).toEqual([
    expect.stringContaining('error: wrong on purpose'),
    expect.stringContaining('warning: a hydration mismatch on purpose'),
  ]);
  complaints.expect(/on purpose/);
});

test('hears what the content security policy refuses', async ({ page, complaints }) => {
  await page.goto('/');
  await page.evaluate(() => {
    const script = document.createElement('script');
    script.textContent = 'document.title = "pwned"';
    document.body.append(script);
  });
  await expect(page).not.toHaveTitle('pwned');
  await expect.poll(() => complaints.unexpected()).toEqual([expect.stringMatching(/^error: .*Content Security Policy/)]);
  complaints.expect(/^error: .*Content Security Policy/);
});

test('hears what fails to load, but not a page that says no itself', async ({ page, complaints }) => {
  await page.goto('/nowhere');
  await expect(page.getByRole('heading', { name: 'Not found' })).toBeVisible();
  await page.goto('/');
  await page.evaluate(() => fetch('/static/no-such-file'));
  await expect.poll(() => complaints.unexpected()).toEqual([expect.stringContaining('404 (Not Found)')]);
  expect(complaints.unexpected()[0]).toContain('/static/no-such-file');
  complaints.expect(/status of 404 .*\/static\/no-such-file\)$/);
});
