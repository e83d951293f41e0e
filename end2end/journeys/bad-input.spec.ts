import type { APIResponse } from '@playwright/test';

import { account } from '../fixtures/chain.ts';
import { FREE, RUST } from '../fixtures/learner.ts';
import { expect, signInAs, test } from '../fixtures/test.ts';

const SQL = `'; DROP TABLE orders; --`;
const HTML = '<script>document.title="pwned"</script>';
const NIL = '00000000-0000-4000-8000-000000000000';

/** A clear no, with words: never a panic, never a page of the framework's. */
async function refused(answer: APIResponse, ...statuses: number[]): Promise<void> {
  const told = `${answer.url()} answered ${answer.status()}: ${(await answer.text()).slice(0, 300)}`;
  expect(answer.status(), told).toBeGreaterThanOrEqual(400);
  expect(answer.status(), told).toBeLessThan(500);
  if (statuses.length > 0) expect(statuses, told).toContain(answer.status());
  expect((await answer.body()).length, told).toBeGreaterThan(0);
}

test('addresses of nothing are not found', async ({ request, context, world }) => {
  for (const path of [
    '/courses/no-such-course',
    `/courses/${encodeURIComponent(SQL)}`,
    `/courses/${RUST.slug}/lessons/no-such-lesson`,
    `/courses/${RUST.slug}/lessons/${encodeURIComponent(HTML)}`,
    `/media/${NIL}`,
    '/nowhere',
    `/${'x'.repeat(4000)}`,
  ]) {
    await refused(await request.get(path), 404);
  }
  await signInAs(context, world, account(9));
  for (const path of [`/orders/${NIL}`, `/studio/courses/${NIL}`, '/studio/courses/nonsense/tiers']) {
    await refused(await context.request.get(path), 404);
  }
  await refused(await context.request.get('/orders/nonsense'), 400, 404);
  await refused(await context.request.get('/media/nonsense'), 400, 404);
});

test('words of SQL and HTML are only words', async ({ page, request }) => {
  for (const words of [SQL, HTML, '%', '_', '\\', '"', '💥', 'a'.repeat(5000), '\u0000']) {
    const answer = await request.get('/', { params: { q: words, level: words, price: words, page: words } });
    expect(answer.status(), words.slice(0, 40)).toBeLessThan(500);
  }
  await page.goto(`/?q=${encodeURIComponent(HTML)}`);
  await expect(page).not.toHaveTitle('pwned');
  await expect(page.getByLabel('Search courses')).toHaveValue(HTML);
  await page.goto(`/sign-in?next=${encodeURIComponent('javascript:alert(1)')}`);
  await expect(page.getByRole('heading', { level: 1 })).toBeVisible();
  for (const number of ['-1', '0', '99999999999999999999', '1e9', 'NaN']) {
    expect((await request.get('/', { params: { page: number } })).status(), number).toBeLessThan(500);
  }
});

test('what needs a person asks for one', async ({ request }) => {
  for (const path of ['/orders', '/payout', '/learning', '/profile', '/studio', '/studio/new', '/studio/payout', '/admin', '/admin/users', '/admin/audit']) {
    const answer = await request.get(path);
    expect(answer.status(), path).toBe(401);
    expect(await answer.text()).toContain('Sign in with your wallet');
  }
});

test('malformed hashes and ids are refused with words', async ({ context, world, someone }) => {
  const buyer = someone();
  await signInAs(context, world, buyer);
  const course = await (await context.request.get(`/courses/${RUST.slug}`)).text();
  const tier = /name="tier" value="([0-9a-f-]{36})"/.exec(course)?.[1] ?? '';
  const headers = { origin: world.url };
  const bought = await context.request.post(`/courses/${RUST.slug}/buy`, { form: { tier }, headers, maxRedirects: 0 });
  expect(bought.status()).toBe(303);
  const id = bought.headers().location?.split('/').at(-1);
  const report = (data: unknown) => context.request.post('/api/fn/report', { data, headers });

  for (const hash of ['', '0x', '0x12', 'f'.repeat(64), `0x${'g'.repeat(64)}`, `0x${'a'.repeat(65)}`, SQL, HTML, 'é'.repeat(66)]) {
    await refused(await report({ id, what: { sent: hash } }), 422);
  }
  await refused(await report({ id, what: { sent: 7 } }), 400, 422);
  await refused(await report({ id: 'nonsense', what: { sent: `0x${'a'.repeat(64)}` } }), 400, 422);
  await refused(await report({ id: NIL, what: { sent: `0x${'a'.repeat(64)}` } }), 404);
  await refused(await report({}), 400, 422);
  await refused(await report([]), 400, 422);
  for (const tier of ['', 'nonsense', NIL, SQL]) {
    await refused(await context.request.post(`/courses/${RUST.slug}/buy`, { form: { tier }, headers }), 404, 422);
  }
});

test('bodies of the wrong kind or size are refused', async ({ context, world, someone }) => {
  await signInAs(context, world, someone());
  const origin = world.url;
  const post = (path: string, type: string, data: string | Buffer) =>
    context.request.post(path, { headers: { origin, 'content-type': type }, data, maxRedirects: 0 });
  for (const path of ['/api/fn/challenge', '/api/fn/sign_in', '/api/fn/order', '/api/fn/report']) {
    await refused(await post(path, 'application/json', '{'), 400, 422);
    await refused(await post(path, 'application/json', 'null'), 400, 422);
    await refused(await post(path, 'text/plain', 'hello'), 400, 415, 422);
    await refused(await post(path, 'application/json', Buffer.alloc(200_000, 32)), 413);
    await refused(await context.request.get(path), 404, 405);
  }
  await refused(await post('/api/fn/no_such_function', 'application/json', '{}'), 400, 404);
  await refused(await post('/profile', 'application/json', '{}'), 415, 422);
  await refused(await post('/profile', 'application/x-www-form-urlencoded', Buffer.alloc(2_000_000, 97)), 413);
  await refused(await post('/profile', 'application/x-www-form-urlencoded', `name=${'x'.repeat(500)}&bio=`), 422);
  await refused(await post(`/courses/${FREE.slug}`, 'application/x-www-form-urlencoded', 'a=b'), 405);
});

test('a form from another site changes nothing', async ({ context, world, someone }) => {
  await signInAs(context, world, someone());
  const strangers: Record<string, string>[] = [{ origin: 'https://evil.example' }, { 'sec-fetch-site': 'cross-site' }];
  for (const headers of strangers) {
    await refused(await context.request.post('/profile', { headers, form: { name: 'Mallory', bio: '' } }), 403);
    await refused(await context.request.post('/sign-out', { headers }), 403);
  }
  expect((await context.request.get('/profile')).status()).toBe(200);
});

test('a sign-in message serves once, and only the session that asked for it', async ({ browser, world, someone }) => {
  const who = someone();
  const headers = { origin: world.url };
  const one = await browser.newContext({ baseURL: world.url });
  const two = await browser.newContext({ baseURL: world.url });
  const ask = async (context: typeof one) =>
    (await context.request.post('/api/fn/challenge', { data: { address: who.address }, headers })).json();
  const hand = (context: typeof one, nonce: string, signature: string) =>
    context.request.post('/api/fn/sign_in', { data: { nonce, signature }, headers });

  const { nonce, message } = await ask(one);
  await ask(two);
  const signature = await who.signMessage({ message });
  await refused(await hand(two, nonce, signature));
  await refused(await hand(one, nonce, await someone().signMessage({ message })));
  await refused(await hand(one, nonce, '0x1234'));
  const again = await ask(one);
  const good = await who.signMessage({ message: again.message });
  expect((await hand(one, again.nonce, good)).ok()).toBe(true);
  await refused(await hand(one, again.nonce, good));
  await one.close();
  await two.close();
});

test('prices and numbers that make no sense are refused beside their field', async ({ context, world }) => {
  await signInAs(context, world, account(1));
  const headers = { origin: world.url };
  const made = await context.request.post('/studio/new', {
    headers,
    form: { title: 'Numbers that make no sense', promise: '', description: '', outcomes: '', level: 'beginner', version: '0' },
    maxRedirects: 0,
  });
  expect(made.status()).toBe(303);
  const course = made.headers().location?.split('?')[0] ?? '';
  const tier = { act: 'add', name: 'Tier', description: '', price: '1', level: '1' };
  for (const price of ['-1', '', 'NaN', '1e18', '0x10', '1,5', '0.0000000000000000001', '9'.repeat(60), SQL]) {
    await refused(await context.request.post(`${course}/tiers`, { headers, form: { ...tier, price } }), 422);
  }
  for (const level of ['0', '-1', '256', '99999999999', 'x']) {
    await refused(await context.request.post(`${course}/tiers`, { headers, form: { ...tier, level } }), 422);
  }
  for (const title of ['', 'ab', 'x'.repeat(300), '\u202e\u202e\u202e']) {
    const form = { title, promise: '', description: '', outcomes: '', level: 'beginner', version: '0' };
    await refused(await context.request.post('/studio/new', { headers, form }), 422);
  }
  await refused(await context.request.post(course, { headers, form: { act: 'no-such-act' } }), 404, 422);
});
