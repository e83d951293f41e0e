import type { Page } from '@playwright/test';
import { encodeFunctionData, parseAbi, type Address } from 'viem';

import { account } from '../fixtures/chain.ts';
import { Learner, TYPE, alive, fold, visit } from '../fixtures/learner.ts';
import { personIn, order } from '../fixtures/sitemap.ts';
import { Teacher } from '../fixtures/teacher.ts';
import { expect, test } from '../fixtures/test.ts';
import { Wallet } from '../fixtures/wallet.ts';
import { FINAL_AT, type World } from '../fixtures/world.ts';

const DOLLARS = 'Studio';

const TOKEN = parseAbi([
  'function transfer(address to, uint256 amount) returns (bool)',
  'function balanceOf(address owner) view returns (uint256)',
]);

async function balance(world: World, token: Address, owner: Address): Promise<bigint> {
  const data = encodeFunctionData({ abi: TOKEN, functionName: 'balanceOf', args: [owner] });
  return BigInt(await world.chain.rpc<string>('eth_call', [{ to: token, data }, 'latest']));
}

/** Opens an order at 120 dollars and chooses a token for it. */
async function orderIn(learner: Learner, symbol: string): Promise<void> {
  await learner.readyToPay(TYPE.slug, DOLLARS);
  await learner.page.getByRole('button', { name: `Pay in ${symbol} instead` }).click();
  await expect(learner.page.getByTestId('pay')).toHaveText(`Pay 120\u00a0${symbol}`);
  await alive(learner.page);
}

for (const [symbol, kind] of [
  ['DUSD', 'ReceiveWithAuthorization'],
  ['PUSD', 'Permit'],
] as const) {
  test(`a token that has signatures is paid with one and one transaction: ${kind}`, async ({ page, wallet, world }) => {
    const learner = new Learner(page);
    await orderIn(learner, symbol);
    const asked = wallet.count('sign', 'send');
    await learner.pay.click();
    await learner.is('submitted');
    expect(wallet.count('sign', 'send') - asked).toBe(2);
    expect(wallet.sent).toHaveLength(1);
    const signed = JSON.parse(wallet.signed.at(-1) ?? '{}');
    expect([signed.primaryType, signed.message.value]).toEqual([kind, '120000000']);
    await world.chain.mine(2);
    await learner.is('paid');
    expect(await learner.canRead(TYPE.slug, TYPE.locked)).toBe(true);
    expect(await balance(world, world.tokens[symbol], world.contract)).toBeGreaterThanOrEqual(120_000_000n);
    await visit(page, `${new URL(page.url()).pathname}/receipt`);
    await expect(page.getByText(`120\u00a0${symbol}`)).toBeVisible();
    await visit(page, '/orders');
    await expect(page.getByRole('row', { name: TYPE.title }).first()).toContainText(`120\u00a0${symbol}`);
  });
}

test('a token without signatures is allowed first, and then paid', async ({ page, wallet, world }) => {
  const learner = new Learner(page);
  await orderIn(learner, 'AUSD');
  await learner.pay.click();
  await learner.says('allowing');
  await expect.poll(() => wallet.sent.length).toBe(1);
  expect(wallet.last.to.toLowerCase()).toBe(world.tokens.AUSD.toLowerCase());
  await world.chain.mine(1);
  await learner.is('submitted');
  expect(wallet.sent).toHaveLength(2);
  await world.chain.mine(2);
  await learner.is('paid');
});

test('an approval that others sign first is waited for, and then paid', async ({ page, wallet, world }) => {
  const learner = new Learner(page);
  await orderIn(learner, 'AUSD');
  wallet.keepHashToItself('safe-tx-18');
  await learner.pay.click();
  await learner.says('allowance_awaited');
  await expect(learner.pay).toHaveText('Waiting for your wallet…');
  expect(wallet.sent).toHaveLength(1);
  await world.chain.mine(1);
  await learner.is('submitted');
  expect(wallet.sent).toHaveLength(2);
  await world.chain.mine(2);
  await learner.is('paid');
});

test('a wallet that can not sign typed data allows it with a transaction', async ({ page, wallet, world }) => {
  const learner = new Learner(page);
  wallet.forgetTypedData();
  await orderIn(learner, 'DUSD');
  await learner.pay.click();
  await expect.poll(() => wallet.sent.length).toBe(1);
  await world.chain.mine(1);
  await learner.is('submitted');
  await world.chain.mine(2);
  await learner.is('paid');
});

test('a signature that the site refuses pays nothing; a transaction allows it', async ({ page, wallet, world, complaints }) => {
  const learner = new Learner(page);
  await orderIn(learner, 'PUSD');
  // A wallet that is a contract signs as its own code wants it.
  wallet.answerNextWith(await account(8).signMessage({ message: 'something else' }));
  complaints.expect(/status of 409 .*\/api\/fn\/payment\)$/);
  await learner.pay.click();
  await expect.poll(() => wallet.sent.length).toBe(1);
  expect(wallet.last.to.toLowerCase()).toBe(world.tokens.PUSD.toLowerCase());
  await world.chain.mine(1);
  await learner.is('submitted');
  await world.chain.mine(2);
  await learner.is('paid');
});

test('case 18: calls that a wallet sends together have an id that is no hash; the event opens the course', async ({ page, wallet, world }) => {
  const learner = new Learner(page);
  wallet.offerBatches();
  await orderIn(learner, 'AUSD');
  const asked = wallet.count('send');
  await learner.pay.click();
  await learner.says('awaited');
  expect(wallet.count('send') - asked, 'one window for both').toBe(1);
  await expect(learner.pay).toHaveCount(0);
  await expect(page.getByTestId('ways')).toBeHidden();
  await page.reload();
  await alive(page);
  await learner.says('awaited');
  await expect(learner.pay).toHaveCount(0);
  await expect(page.getByTestId('ways')).toBeHidden();
  // The tab is closed before anything is mined: nobody names the transaction.
  await page.goto('about:blank');
  await world.chain.mine(3);
  await page.goBack();
  await learner.is('paid');
});

test('calls that the network refused together are told, and can be sent again', async ({ page, wallet, world }) => {
  const learner = new Learner(page);
  wallet.offerBatches();
  wallet.failNextBatch();
  await orderIn(learner, 'AUSD');
  await learner.pay.click();
  await learner.says('batch_failed');
  await learner.pay.click();
  await learner.says('awaited');
  await world.chain.mine(3);
  await learner.is('paid');
});

test('case 7: a wallet that breaks off while it sends calls together is not asked again at once', async ({ page, wallet, world }) => {
  const learner = new Learner(page);
  wallet.offerBatches();
  await orderIn(learner, 'AUSD');
  wallet.refuseNext(-32603, 'Request timed out.');
  const asked = wallet.count('send');
  await learner.pay.click();
  await learner.says('wallet_failed');
  await expect(learner.message).toContainText('activity');
  expect([wallet.count('send') - asked, wallet.sent.length]).toEqual([1, 0]);
  // Who has looked, and tries again, is asked for one after the other.
  await learner.pay.click();
  await expect.poll(() => wallet.sent.length).toBe(1);
  await world.chain.mine(1);
  await learner.is('submitted');
  await world.chain.mine(2);
  await learner.is('paid');
});

test('case 18: calls that fail after a reload are told, and can be sent again', async ({ page, wallet, world }) => {
  const learner = new Learner(page);
  wallet.offerBatches();
  wallet.holdBatches();
  await orderIn(learner, 'AUSD');
  await learner.pay.click();
  await learner.says('awaited');
  await page.reload();
  await alive(page);
  await learner.says('awaited');
  wallet.failHeldBatch();
  await learner.says('batch_failed');
  await learner.pay.click();
  await learner.says('awaited');
  await world.chain.mine(3);
  await learner.is('paid');
});

test('who declines the signature has sent nothing and can go on', async ({ page, wallet, world }) => {
  const learner = new Learner(page);
  await orderIn(learner, 'DUSD');
  wallet.rejectNext();
  await learner.pay.click();
  await learner.says('rejected');
  expect(wallet.sent).toHaveLength(0);
  await learner.pay.click();
  await learner.is('submitted');
  await world.chain.mine(2);
  await learner.is('paid');
});

test('who has too few tokens is told before the wallet is asked', async ({ page, wallet, world, complaints }) => {
  const learner = new Learner(page);
  await orderIn(learner, 'DUSD');
  const me = wallet.account.address;
  const away = await balance(world, world.tokens.DUSD, me);
  const args = [world.contract, away - 119_999_999n] as const;
  const data = encodeFunctionData({ abi: TOKEN, functionName: 'transfer', args });
  await world.chain.send({ from: me, to: world.tokens.DUSD, data });
  const asked = wallet.prompts.length;
  // The site's no to this payment.
  complaints.expect(/status of 409 .*\/api\/fn\/payment\)$/);
  await learner.pay.click();
  await learner.says('refused');
  await expect(learner.message).toContainText('119.999');
  expect(wallet.prompts).toHaveLength(asked);
});

test('case 13: tokens sent straight to the contract buy nothing, and its owner sends them back', async ({ page, browser, wallet, world }) => {
  test.setTimeout(180_000);
  const learner = new Learner(page);
  await orderIn(learner, 'DUSD');
  const path = new URL(page.url()).pathname;
  const me = wallet.account.address;
  const before = await balance(world, world.tokens.DUSD, me);
  const data = encodeFunctionData({ abi: TOKEN, functionName: 'transfer', args: [world.contract, 15_000_000n] });
  await world.chain.send({ from: me, to: world.tokens.DUSD, data });
  await world.chain.mine(FINAL_AT);
  const told = page.getByTestId('sent-past');
  await expect(async () => {
    await visit(page, path);
    await expect(told).toContainText('15\u00a0DUSD', { timeout: 500 });
  }).toPass({ timeout: 60_000 });
  await expect(told).toContainText('not lost');
  await learner.is('open');

  // Another admin reads what to do; the contract's owner does it.
  const admin = await (await personIn(browser, world, account(9))).newPage();
  await visit(admin, '/admin');
  const row = (desk: Page) => desk.getByTestId('transfers').getByRole('row').filter({ has: desk.getByTitle(me) });
  await expect(row(admin)).toContainText('due: 120\u00a0DUSD');
  await row(admin).getByRole('link', { name: 'Decide' }).click();
  await expect(admin.getByTestId('transfer')).toContainText('105\u00a0DUSD');
  await expect(admin.getByText('lectern contracts rescue')).toBeVisible();
  const decide = new URL(admin.url()).pathname;
  const office = await personIn(browser, world, account(0));
  const owners = await Wallet.install(office, world.chain, account(0));
  await visit(admin, `/admin/users?q=${account(0).address}`);
  await fold(admin, 'Roles').click();
  await admin.getByLabel('Reason').fill('owns the contract');
  await admin.getByRole('button', { name: 'Make admin' }).click();
  await expect(admin.getByText('The role is given')).toBeVisible();

  const desk = new Teacher(await office.newPage());
  await visit(desk.page, decide);
  await desk.page.getByLabel('Reason').fill('   ');
  await desk.page.getByRole('button', { name: 'Dismiss' }).click();
  await expect(desk.page.getByRole('alert')).toBeVisible();
  await alive(desk.page);
  await visit(admin, decide);
  await desk.send();
  await expect.poll(() => owners.sent.length).toBe(1);
  expect(await balance(world, world.tokens.DUSD, me)).toBe(before - 15_000_000n);
  await world.chain.mine(1);
  await desk.page.waitForURL('**/admin/transfers?done=sent');
  // Until that is final, a second one would send somebody else's.
  await visit(desk.page, decide);
  await expect(desk.page.getByTestId('sent-back')).toContainText('They were sent back');
  await expect(desk.page.getByRole('button', { name: /^Send back/ })).toHaveCount(0);
  // Nor does a tab from before close it: the next of that sum would seem to have gone back.
  await admin.getByLabel('Reason').fill('nothing to do');
  await admin.getByRole('button', { name: 'Dismiss' }).click();
  await expect(admin.getByRole('alert')).toContainText('there is nothing to dismiss');
  await world.chain.mine(FINAL_AT);
  expect(await balance(world, world.tokens.DUSD, me)).toBe(before);
  await expect(async () => {
    await visit(desk.page, '/admin/transfers');
    await expect(row(desk.page)).toContainText('Sent back', { timeout: 500 });
  }).toPass({ timeout: 60_000 });
  await visit(page, path);
  await expect(told).toContainText('sent back to you');
  await admin.context().close();
  await office.close();
});

test('the currency can be chosen without JavaScript', async ({ browser, world, someone }) => {
  const context = await personIn(browser, world, someone(), { javaScriptEnabled: false });
  const page = await context.newPage();
  await page.goto(await order(context, world, TYPE.slug, 1));
  await expect(page.getByText('0.04\u00a0ETH').first()).toBeVisible();
  await page.getByRole('button', { name: 'Pay in DUSD instead' }).click();
  await expect(page.getByText('120\u00a0DUSD').first()).toBeVisible();
  await expect(page.getByRole('button', { name: 'Pay in ETH instead' })).toBeVisible();
  await context.close();
});
