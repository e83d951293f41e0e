import type { Page } from '@playwright/test';

import type { Complaints } from '../fixtures/complaints.ts';
import { Learner, RUST, TYPE, alive, fold, visit } from '../fixtures/learner.ts';
import { expect, test } from '../fixtures/test.ts';
import { Wallet } from '../fixtures/wallet.ts';

const REPORT = '**/api/fn/report';

/** The page can't tell the site what the wallet answered, and logs each attempt. */
async function muteReports(page: Page, complaints: Complaints): Promise<void> {
  complaints.expect(/net::ERR_FAILED \(\S+\/api\/fn\/report\)$/);
  await page.route(REPORT, (route) => route.abort());
}

test('a tab that is closed after the wallet’s yes loses nothing', async ({ page, context, wallet, world, complaints }) => {
  const learner = new Learner(page);
  await learner.readyToPay();
  const order = page.url();
  // The page dies before it hears the hash.
  await muteReports(page, complaints);
  await learner.pay.click();
  await expect.poll(() => wallet.sent.length).toBe(1);
  await page.close();
  await world.chain.mine(2);
  const reader = new Learner(await context.newPage());
  await expect.poll(() => reader.canRead(RUST.slug, RUST.locked)).toBe(true);
  await visit(reader.page, order);
  await reader.is('paid');
});

test('a hash that never reached the site opens on another device', async ({ page, browser, wallet, world, complaints }) => {
  const learner = new Learner(page);
  await learner.readyToPay();
  await muteReports(page, complaints);
  await learner.pay.click();
  await learner.says('reporting_offline');
  await expect(learner.message).toContainText('Do not pay again');
  await world.chain.mine(2);
  const state = await page.context().storageState();
  const elsewhere = await browser.newContext({ storageState: { ...state, origins: [] }, baseURL: world.url });
  const reader = new Learner(await elsewhere.newPage());
  await visit(reader.page, page.url());
  await reader.is('paid');
  await elsewhere.close();
  expect(wallet.sent).toHaveLength(1);
});

test('a page that is reloaded while the payment waits goes on', async ({ page, wallet, world }) => {
  const learner = new Learner(page);
  await learner.payFor();
  await page.reload();
  await learner.is('submitted');
  await expect(learner.pay).toHaveCount(0);
  await world.chain.mine();
  await learner.is('confirming');
  await page.reload();
  await learner.is('confirming');
  await world.chain.mine();
  await learner.is('paid');
  expect(wallet.sent).toHaveLength(1);
});

test('a reload between the wallet’s yes and the site’s answer reports the kept hash', async ({
  page,
  wallet,
  world,
  complaints,
}) => {
  const learner = new Learner(page);
  await learner.readyToPay();
  await muteReports(page, complaints);
  await learner.pay.click();
  await learner.says('reporting_offline');
  await page.unroute(REPORT);
  await page.reload();
  await learner.is('submitted');
  await world.chain.mine(2);
  await learner.is('paid');
  expect(wallet.sent).toHaveLength(1);
});

test('a sped-up payment opens the course under its new hash', async ({ page, wallet, world }) => {
  const learner = new Learner(page);
  await learner.payFor();
  const first = wallet.last.hash;
  const second = await wallet.speedUp();
  expect(second.hash).not.toBe(first);
  await world.chain.mine(2);
  await learner.is('paid');
  await page.getByText('Details', { exact: true }).click();
  await expect(page.getByText(second.hash)).toBeVisible();
});

test('a payment that is cancelled in the wallet leaves the order open', async ({ page, wallet, world }) => {
  const learner = new Learner(page);
  await learner.payFor();
  await wallet.cancel();
  await world.chain.mine(6);
  await learner.is('open');
  await learner.says('replaced');
  await expect(learner.message).toContainText('No payment was made');
  // The price's time goes on running on the page, too; what is drawn anew for other reasons does not count.
  const timer = page.getByRole('timer');
  for (let second = 0; second < 3; second += 1) {
    const before = await timer.innerText();
    expect(before).toMatch(/^\d+:\d\d$/);
    await expect(timer).not.toHaveText(before);
  }
  await learner.pay.click();
  await learner.is('submitted');
  await world.chain.mine(2);
  await learner.is('paid');
});

test('a payment that fails on the chain says that only the fee was spent', async ({ page, wallet, world }) => {
  const learner = new Learner(page);
  await learner.readyToPay();
  wallet.changeNext((call) => ({ ...call, value: call.value - 1n }));
  await learner.pay.click();
  await learner.is('submitted');
  await world.chain.mine(2);
  await learner.is('open');
  await learner.says('reverted');
  await expect(learner.message).toContainText('only the network fee (gas) was spent');
  expect(await learner.canRead(RUST.slug, RUST.locked)).toBe(false);
  await learner.pay.click();
  await learner.is('submitted');
  await world.chain.mine(2);
  await learner.is('paid');
});

test('a node that hangs is named, and the course opens when it answers again', async ({ page, world, wallet }) => {
  test.setTimeout(150_000);
  const learner = new Learner(page);
  await learner.payFor();
  world.chain.hang();
  await expect(learner.message).toHaveAttribute('data-code', 'chain_unreachable', { timeout: 75_000 });
  await expect(learner.message).toContainText('Your payment is safe');
  expect(await learner.canRead(RUST.slug, RUST.locked)).toBe(false);
  world.chain.resume();
  await world.chain.mine(2);
  await learner.is('paid', { timeout: 30_000 });
  expect(wallet.sent).toHaveLength(1);
});

test('a server that can’t be reached is told apart, and the page catches up', async ({ page, world, wallet }) => {
  const learner = new Learner(page);
  await learner.payFor();
  await world.kill();
  await learner.says('offline');
  await expect(learner.message).toContainText('Your order and any payment are safe');
  await world.chain.mine(2);
  await world.run();
  await learner.is('paid', { timeout: 30_000 });
  expect(wallet.sent).toHaveLength(1);
});

test('a reorg takes the payment back to confirming, and the same payment restores it', async ({ page, wallet, world }) => {
  const learner = new Learner(page);
  await learner.buy(world.chain);
  expect(await learner.canRead(RUST.slug, RUST.locked)).toBe(true);

  await world.chain.reorg(3);
  await learner.is('confirming', { timeout: 20_000 });
  await learner.says('orphaned');
  await expect(learner.order).toHaveAttribute('data-setback', 'orphaned');
  await expect.poll(() => learner.canRead(RUST.slug, RUST.locked)).toBe(false);

  if (!(await world.chain.transaction(wallet.last.hash))) await world.chain.broadcast(wallet.last.raw);
  await world.chain.mine(2);
  await learner.is('paid', { timeout: 20_000 });
  await expect.poll(() => learner.canRead(RUST.slug, RUST.locked)).toBe(true);
  expect(wallet.sent).toHaveLength(1);
});

test('a reorg that includes the payment elsewhere ends in an open course', async ({ page, wallet, world }) => {
  const learner = new Learner(page);
  await learner.payFor();
  await world.chain.mine();
  await learner.is('confirming');
  await world.chain.mine();
  await learner.is('paid');
  await world.chain.reorg(3, [[wallet.last.raw, 1]]);
  await world.chain.mine(2);
  await learner.is('paid', { timeout: 20_000 });
  await expect.poll(() => learner.canRead(RUST.slug, RUST.locked)).toBe(true);
});

test('an expired order asks for today’s price, and then opens', async ({ page, wallet, world }) => {
  test.setTimeout(180_000);
  await world.restart({ ORDERS__TTL_MINUTES: '1' });
  const learner = new Learner(page);
  await learner.readyToPay();
  await learner.is('expired', { timeout: 90_000 });
  await learner.says('expired');
  await expect(learner.pay).toHaveCount(0);
  await world.restart();
  await page.getByTestId('new-price').click();
  await learner.is('open');
  await learner.pay.click();
  await learner.is('submitted');
  await world.chain.mine(2);
  await learner.is('paid');
  expect(wallet.sent).toHaveLength(1);
});

test('someone else’s payment opens the course for them, not for who names its hash', async ({
  page,
  browser,
  wallet,
  world,
  someone,
}) => {
  const buyer = new Learner(page);
  await buyer.payFor();

  const elsewhere = await browser.newContext({ baseURL: world.url });
  const thiefs = await Wallet.install(elsewhere, world.chain, someone());
  const thief = new Learner(await elsewhere.newPage());
  await thief.readyToPay();
  thiefs.answerNextWith(wallet.last.hash);
  await thief.pay.click();
  await thief.is('submitted');
  await world.chain.mine(2);
  await buyer.is('paid');
  await thief.is('open', { timeout: 20_000 });
  await expect(thief.order).toHaveAttribute('data-setback', /other_order|other_beneficiary|already_used/);
  await expect(thief.message).not.toBeEmpty();
  expect(await thief.canRead(RUST.slug, RUST.locked)).toBe(false);
  await elsewhere.close();
});

test('the hash of an old payment of one’s own opens no other course', async ({ page, wallet, world, complaints }) => {
  const learner = new Learner(page);
  await learner.buy(world.chain);
  const old = wallet.last.hash;
  await learner.openOrder(TYPE.slug, 'Reader');
  wallet.answerNextWith(old);
  // The site's no to the hash.
  complaints.expect(/status of 409 .*\/api\/fn\/report\)$/);
  await learner.pay.click();
  await learner.says('refused');
  await expect(learner.message).toContainText('already');
  await learner.is('open');
  expect(await learner.canRead(TYPE.slug, TYPE.locked)).toBe(false);
});

test('a plain transfer to somewhere else opens nothing and says why', async ({ page, wallet, world, someone }) => {
  const learner = new Learner(page);
  await learner.readyToPay();
  const to = someone().address;
  wallet.changeNext((call) => ({ ...call, to, data: '0x' }));
  await learner.pay.click();
  await learner.is('submitted');
  await world.chain.mine(2);
  await learner.is('open');
  await learner.says('no_purchase');
  expect(await learner.canRead(RUST.slug, RUST.locked)).toBe(false);
});

test('a hash that no node knows waits, and opens nothing', async ({ page, wallet, world }) => {
  const learner = new Learner(page);
  await learner.readyToPay();
  wallet.answerNextWith(`0x${'ab'.repeat(32)}`);
  await learner.pay.click();
  await learner.is('submitted');
  await world.chain.mine(3);
  await learner.is('submitted');
  expect(await learner.canRead(RUST.slug, RUST.locked)).toBe(false);
});

test('a multisig’s own hash is kept, and its payment opens the course by its event', async ({ page, wallet, world }) => {
  const learner = new Learner(page);
  await learner.readyToPay();
  wallet.keepHashToItself(`0x${'5a'.repeat(32)}`);
  await learner.pay.click();
  await learner.is('submitted');
  await world.chain.mine(2);
  await learner.is('paid');
  expect(wallet.sent).toHaveLength(1);
});

test('case 17: a reference that is no hash at all is waited for, on every device', async ({ page, browser, wallet, world }) => {
  const learner = new Learner(page);
  await learner.readyToPay();
  wallet.keepHashToItself('safe-tx-17');
  await learner.pay.click();
  const waits = async (learner: Learner) => {
    await learner.says('awaited');
    await expect(learner.message).toContainText('Do not pay again');
    await learner.is('open');
    await expect(learner.pay).toHaveCount(0);
    await expect(learner.page.getByTestId('cancel-order')).toHaveCount(0);
  };
  await waits(learner);
  await page.reload();
  await alive(page);
  await waits(learner);
  const state = await page.context().storageState();
  const elsewhere = await browser.newContext({ storageState: { ...state, origins: [] }, baseURL: world.url });
  const reader = new Learner(await elsewhere.newPage());
  await visit(reader.page, page.url());
  await waits(reader);
  await world.chain.mine(2);
  await learner.is('paid');
  await reader.is('paid');
  await elsewhere.close();
  expect(wallet.sent).toHaveLength(1);
});

test('case 17: a reference that the site could not hear is kept until it does', async ({ page, wallet, world, complaints }) => {
  const learner = new Learner(page);
  await learner.readyToPay();
  wallet.keepHashToItself('safe-tx-17');
  await muteReports(page, complaints);
  await learner.pay.click();
  await learner.says('reporting_offline');
  await expect(learner.message).toContainText('Do not pay again');
  await page.unroute(REPORT);
  await page.reload();
  await learner.says('awaited');
  await expect(learner.pay).toHaveCount(0);
  await world.chain.mine(2);
  await learner.is('paid');
  expect(wallet.sent).toHaveLength(1);
});

test('case 17: who finds that nothing was sent can pay again', async ({ page, wallet, world }) => {
  const learner = new Learner(page);
  await learner.readyToPay();
  wallet.answerNextWith('safe-tx-17');
  await learner.pay.click();
  await learner.says('awaited');
  const again = page.getByTestId('pay-again');
  await expect(again).toBeHidden();
  await fold(page, 'Nothing was sent?').click();
  await expect(again).toHaveText('Nothing was sent: pay again');
  await again.click();
  await learner.says('ready');
  // The button is gone; the focus is where things go on.
  await expect(page.getByRole('heading', { name: /^Pay/ })).toBeFocused();
  await page.reload();
  await alive(page);
  await learner.pay.click();
  await learner.is('submitted');
  await world.chain.mine(2);
  await learner.is('paid');
  expect(wallet.sent).toHaveLength(1);
});
