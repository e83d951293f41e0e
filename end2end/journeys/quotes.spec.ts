import { encodeFunctionData, parseAbi, type Address } from 'viem';

import { account } from '../fixtures/chain.ts';
import { Learner, TYPE, alive, visit } from '../fixtures/learner.ts';
import { Teacher } from '../fixtures/teacher.ts';
import { expect, signInAs, test } from '../fixtures/test.ts';
import { Wallet } from '../fixtures/wallet.ts';
import type { World } from '../fixtures/world.ts';

const DOLLARS = 'Studio';
const RATE = 3000n;

/** What one coin is worth in dollars from now on. */
async function setRate(world: World, rate: bigint): Promise<void> {
  const abi = parseAbi(['function setAnswer(int256 answer)']);
  const data = encodeFunctionData({ abi, args: [rate * 100_000_000n] });
  await world.chain.send({ from: account(0).address as Address, to: world.feed, data });
}

test.afterEach(async ({ world }) => setRate(world, RATE));

test('a price in dollars is quoted, holds while the rate moves, and opens the course', async ({ page, wallet, world }) => {
  const learner = new Learner(page);
  await learner.signIn(`/courses/${TYPE.slug}`);
  const card = page.getByRole('complementary', { name: 'Enrol' });
  await expect(card.getByRole('radio', { name: /^Studio/ })).toBeVisible();
  await expect(card).toContainText('120.00 USD');
  await expect(card.getByTestId('about')).toContainText('0.04\u00a0ETH');
  await learner.openOrder(TYPE.slug, DOLLARS);
  await expect(page.getByTestId('quoted')).toContainText('120.00 USD');
  await expect(page.getByText('0.04 ETH').first()).toBeVisible();
  await expect(page.getByTestId('wallet-in-use')).toBeVisible();
  const left = page.getByTestId('holds').getByRole('timer');
  await expect(left).toHaveText(/^1[34]:\d\d$/);
  await expect(left, 'it counts down').not.toHaveText((await left.textContent()) ?? '');
  const quoted = new URL(page.url()).pathname;

  await setRate(world, 1500n);
  await learner.openOrder(TYPE.slug, DOLLARS);
  expect(new URL(page.url()).pathname, 'the same order').toBe(quoted);
  await expect(page.getByTestId('wallet-in-use')).toBeVisible();
  await learner.pay.click();
  await learner.is('submitted');
  await world.chain.mine(2);
  await learner.is('paid');
  expect(wallet.sent).toHaveLength(1);
  expect(await learner.canRead(TYPE.slug, TYPE.locked)).toBe(true);
  await visit(page, '/orders');
  await expect(page.getByRole('row', { name: TYPE.title })).toContainText('0.04');
});

test('a quote that ran out is made anew at today’s rate, in the currency that was chosen', async ({ page, wallet, world }) => {
  test.setTimeout(180_000);
  await world.restart({ QUOTES__TTL_MINUTES: '1' });
  const learner = new Learner(page);
  await learner.signIn(`/courses/${TYPE.slug}`);
  await learner.openOrder(TYPE.slug, DOLLARS);
  await page.getByRole('button', { name: 'Pay in DUSD instead' }).click();
  await page.getByRole('button', { name: /Pay in ETH instead/ }).click();
  await expect(page.getByText('0.04 ETH').first()).toBeVisible();
  await learner.is('expired', { timeout: 90_000 });
  await expect(learner.pay).toHaveCount(0);
  await world.restart();
  await setRate(world, 1500n);
  await page.getByTestId('new-price').click();
  await learner.is('open');
  await expect(page.getByTestId('quoted')).toContainText('120.00 USD');
  await expect(page.getByText('0.08 ETH').first()).toBeVisible();
  await expect(learner.pay).toHaveText('Pay 0.08\u00a0ETH');
  await learner.pay.click();
  await learner.is('submitted');
  await world.chain.mine(2);
  await learner.is('paid');
  expect(wallet.sent).toHaveLength(1);
});

test('case 15: without a rate to trust nothing is sold, and the person is told', async ({ page, wallet, world, complaints }) => {
  // Not now: the page that says so is a 503.
  complaints.expect(new RegExp(`status of 503 .*/courses/${TYPE.slug}/buy\\)$`));
  const learner = new Learner(page);
  await learner.signIn(`/courses/${TYPE.slug}`);
  for (const rate of [0n, 99n, 200_000n]) {
    await setRate(world, rate);
    await visit(page, `/courses/${TYPE.slug}`);
    const card = page.getByRole('complementary', { name: 'Enrol' });
    await card.getByRole('radio', { name: /^Studio/ }).check();
    await card.getByRole('button', { name: 'Continue to payment' }).click();
    await expect(page.getByText('no exchange rate right now that this site would trust')).toBeVisible();
  }
  expect(wallet.sent).toHaveLength(0);
  await visit(page, '/orders');
  await expect(page.getByText('No orders yet.')).toBeVisible();
  await setRate(world, RATE);
  await learner.openOrder(TYPE.slug, DOLLARS);
  await alive(page);
});

test('whoever looks sees what a price in dollars comes to, as long as there is a rate to trust', async ({ page, browser, context, world }) => {
  test.setTimeout(120_000);
  const lecturer = account(1);
  const wallet = await Wallet.install(context, world.chain, lecturer);
  await signInAs(context, world, lecturer);
  const teacher = new Teacher(page);
  await teacher.create('Dollars and Coins');
  await teacher.addModule('Money');
  await teacher.addLesson('Money', 'What a dollar is');
  await teacher.addTier('Everything', '49', '1', 'USD');
  await teacher.publish(wallet, world.chain);

  const places = ['/?q=dollars', `/courses/${teacher.slug}`, `/courses/${teacher.slug}/lessons/what-a-dollar-is`];
  const look = async (see: (shown: string[]) => void) => {
    for (const javaScriptEnabled of [true, false]) {
      const visitor = await browser.newContext({ baseURL: world.url, javaScriptEnabled });
      const looked = await visitor.newPage();
      for (const place of places) {
        await looked.goto(place);
        await expect(looked.getByText('49.00\u00a0USD').first()).toBeVisible();
        see(await looked.getByTestId('about').filter({ visible: true }).allTextContents());
      }
      await visitor.close();
    }
  };
  await look((shown) => expect(shown).toEqual(['≈\u00a0about 0.01633\u00a0ETH']));
  // A new process knows no rate from before.
  await setRate(world, 0n);
  await world.restart();
  await look((shown) => expect(shown).toEqual([]));
});
