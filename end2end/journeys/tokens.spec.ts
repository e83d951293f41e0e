import { encodeFunctionData, parseAbi, type Address } from 'viem';

import { Learner, TYPE, alive, visit } from '../fixtures/learner.ts';
import { personIn, order } from '../fixtures/sitemap.ts';
import { expect, test } from '../fixtures/test.ts';
import type { World } from '../fixtures/world.ts';

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

test('case 18: calls that a wallet sends together have an id that is no hash; the event opens the course', async ({ page, wallet, world }) => {
  const learner = new Learner(page);
  wallet.offerBatches();
  await orderIn(learner, 'AUSD');
  const asked = wallet.count('send');
  await learner.pay.click();
  await learner.says('not_a_hash');
  expect(wallet.count('send') - asked, 'one window for both').toBe(1);
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
  await learner.says('not_a_hash');
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

test('who has too few tokens is told before the wallet is asked', async ({ page, wallet, world }) => {
  const learner = new Learner(page);
  await orderIn(learner, 'DUSD');
  const me = wallet.account.address;
  const away = await balance(world, world.tokens.DUSD, me);
  const args = [world.contract, away - 119_999_999n] as const;
  const data = encodeFunctionData({ abi: TOKEN, functionName: 'transfer', args });
  await world.chain.send({ from: me, to: world.tokens.DUSD, data });
  const asked = wallet.prompts.length;
  await learner.pay.click();
  await learner.says('refused');
  await expect(learner.message).toContainText('119.999');
  expect(wallet.prompts).toHaveLength(asked);
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
