import type { BrowserContext } from '@playwright/test';

import type { Complaints } from '../fixtures/complaints.ts';
import { FREE, Learner, RUST, TYPE, alive, visit } from '../fixtures/learner.ts';
import { expect, test } from '../fixtures/test.ts';
import { Wallet } from '../fixtures/wallet.ts';

/** The demo wallet does not load; that its script is asked for in vain is logged. */
async function withoutDemoWallet(context: BrowserContext, complaints: Complaints): Promise<void> {
  complaints.expect(/net::ERR_FAILED \(\S+\/static\/dev\/demo-wallet\.js\)$/);
  await context.route('**/static/dev/demo-wallet.js', (route) => route.abort());
}

test('a visitor finds a course, pays with a wallet and reads it', async ({ page, wallet, world }) => {
  const learner = new Learner(page);
  await visit(page, '/?q=rust');
  await learner.click(page.getByRole('link', { name: RUST.title }));
  await alive(page);
  await learner.click(page.getByRole('button', { name: `Buy for ${RUST.price} ETH` }));
  await alive(page);
  await learner.click(learner.wallet());
  await page.waitForURL('**/orders/*');
  await alive(page);
  await expect(page.getByTestId('wallet-in-use')).toBeVisible();
  await expect(learner.pay).toHaveText(`Pay ${RUST.price} ETH`);
  await learner.says('ready');
  await learner.click(learner.pay);

  await learner.is('submitted');
  await learner.says('submitted');
  expect(await learner.canRead(RUST.slug, RUST.locked)).toBe(false);
  await world.chain.mine();
  await learner.is('confirming');
  await expect(page.getByTestId('confirmations')).toHaveText('1 of 2 confirmations');
  expect(await learner.canRead(RUST.slug, RUST.locked)).toBe(false);
  await world.chain.mine();
  await learner.is('paid');
  await learner.says('open');

  expect(learner.clicks).toBeLessThanOrEqual(4);
  expect(wallet.prompts).toEqual(['connect', 'sign', 'send']);
  expect(wallet.signed[0]).toContain('wants you to sign in with your Ethereum account');
  expect(wallet.signed[0]).toContain(wallet.account.address);

  await learner.read();
  expect(await learner.canRead(RUST.slug, RUST.locked)).toBe(true);
  await page.getByRole('button', { name: 'Mark done and go on' }).click();
  await expect(page.getByText('1 of 9 lessons done')).toBeVisible();
  await visit(page, '/learning');
  await expect(page.getByRole('link', { name: 'Continue' })).toBeVisible();
  await visit(page, '/orders');
  await expect(page.getByRole('row', { name: RUST.title })).toContainText('Paid');
});

test('case 31: what a paid lesson shows is not to be had by its address', async ({ page, browser, wallet, world }) => {
  const learner = new Learner(page);
  await learner.buy(world.chain);
  expect(wallet.sent).toHaveLength(1);
  await visit(page, `/courses/${RUST.slug}/lessons/${RUST.locked}`);
  const image = await page.getByRole('article').locator('img[src^="/media/"]').first().getAttribute('src');
  expect((await page.request.get(`${image}`)).status()).toBe(200);
  const stranger = await browser.newContext({ baseURL: world.url });
  expect((await stranger.request.get(`${image}`)).status()).toBe(404);
  await stranger.close();
});

test('a payment becomes final, and the page says so', async ({ page, wallet, world }) => {
  const learner = new Learner(page);
  await learner.buy(world.chain);
  await expect(page.getByText('Final after 5 confirmations')).toBeVisible();
  await world.chain.mine(3);
  await expect(page.getByText('this payment can no longer be undone')).toBeVisible({ timeout: 20_000 });
  expect(wallet.sent).toHaveLength(1);
});

test('the dearer tier opens what the cheaper one leaves locked', async ({ page, wallet, world }) => {
  const learner = new Learner(page);
  await learner.buy(world.chain, TYPE.slug, 'Reader');
  expect(await learner.canRead(TYPE.slug, TYPE.locked)).toBe(true);
  expect(await learner.canRead(TYPE.slug, 'setting-a-table-of-numbers')).toBe(false);
  expect(wallet.last.value).toBe(20_000_000_000_000_000n);
});

test('a free course opens without an order or a payment', async ({ page, wallet }) => {
  const learner = new Learner(page);
  await learner.signIn(`/courses/${FREE.slug}`);
  expect(await learner.canRead(FREE.slug, FREE.locked)).toBe(false);
  await page.getByRole('button', { name: 'Enrol for free' }).click();
  await page.waitForURL(`**/courses/${FREE.slug}/lessons/${FREE.first}`);
  expect(await learner.canRead(FREE.slug, FREE.locked)).toBe(true);
  expect(wallet.prompts).toEqual(['connect', 'sign']);
});

test('someone who has the course is not sold it again', async ({ page, wallet, world }) => {
  const learner = new Learner(page);
  await learner.buy(world.chain);
  await visit(page, `/courses/${RUST.slug}`);
  const card = page.getByRole('complementary', { name: 'Enrol' });
  await expect(card.getByRole('button')).toHaveCount(0);
  await expect(card.getByRole('link', { name: 'Start reading' })).toBeVisible();
  expect(wallet.sent).toHaveLength(1);
});

test('signing out closes what was bought, signing in opens it again', async ({ page, wallet, world }) => {
  const learner = new Learner(page);
  await learner.buy(world.chain);
  await page.getByRole('button', { name: 'Your account' }).click();
  await page.getByRole('button', { name: 'Sign out' }).click();
  await expect(page.getByRole('link', { name: 'Sign in' })).toBeVisible();
  expect(await learner.canRead(RUST.slug, RUST.locked)).toBe(false);
  await learner.signIn();
  expect(await learner.canRead(RUST.slug, RUST.locked)).toBe(true);
  expect(wallet.count('sign')).toBe(2);
});

test('a wallet that announces nothing is found as window.ethereum', async ({ page, context, world, someone, complaints }) => {
  // The demo wallet would announce itself.
  await withoutDemoWallet(context, complaints);
  const wallet = await Wallet.install(context, world.chain, someone(), { announced: false });
  const learner = new Learner(page);
  await visit(page, '/sign-in');
  await learner.wallet('Browser wallet').click();
  await expect(page.getByRole('button', { name: 'Your account' })).toBeVisible();
  expect(wallet.prompts).toEqual(['connect', 'sign']);
});

test('without a wallet the sign-in page says what to do', async ({ page, context, complaints }) => {
  await withoutDemoWallet(context, complaints);
  await visit(page, '/sign-in');
  await expect(page.getByTestId('no-wallet')).toBeVisible();
  await expect(page.getByTestId('no-wallet')).toContainText('Install one');
});

test('a wallet’s name and icon are text and image, never markup', async ({ page, context, world, someone }) => {
  const name = '<img src=x onerror="document.title=\'pwned\'">';
  await Wallet.install(context, world.chain, someone(), { name, rdns: '"><script>' });
  await visit(page, '/sign-in');
  await expect(page.getByTestId('wallet-option').filter({ hasText: '<img src=x' })).toBeVisible();
  await expect(page).not.toHaveTitle('pwned');
});
