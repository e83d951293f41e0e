import { account } from '../fixtures/chain.ts';
import { Learner, RUST, alive, visit } from '../fixtures/learner.ts';
import { Teacher } from '../fixtures/teacher.ts';
import { expect, signInAs, test } from '../fixtures/test.ts';
import { Wallet } from '../fixtures/wallet.ts';

const NAME = 'Second chain';

test('a course is listed on two chains, and sold on the one that the wallet is on', async ({ browser, page, wallet, world, someone }) => {
  test.setTimeout(120_000);
  await world.onTwoChains(async (second) => {
    // The teacher lists it: the wallet must be on the chain that is told.
    const context = await browser.newContext({ baseURL: world.url });
    const teachers = await Wallet.install(context, world.chain, account(1));
    teachers.learn(second);
    await signInAs(context, world, account(1));
    const studio = new Teacher(await context.newPage());
    await visit(studio.page, '/studio');
    await studio.page.getByRole('link', { name: RUST.title }).first().click();
    await studio.page.waitForURL('**/studio/courses/*');
    studio.course = new URL(studio.page.url()).pathname;
    await studio.go('/publish');
    const network = studio.page.getByTestId('networks').getByRole('row', { name: NAME });
    await expect(network).toContainText('Not sold here');
    await network.getByRole('link', { name: `Sell on ${NAME}` }).click();
    await alive(studio.page);
    await studio.page.getByTestId('wallet-option').filter({ hasText: 'Test wallet' }).click();
    await studio.page.getByRole('button', { name: `Switch to ${NAME}` }).click();
    await studio.page.getByTestId('send').click();
    await expect(studio.page.getByText('The chain has your prices, and the course is in the catalogue.')).toBeVisible();
    await expect(network).toContainText('Sold here');

    // Who signs in on that chain pays there, with nothing to choose.
    wallet.learn(second);
    await wallet.useNetwork(second.id);
    const learner = new Learner(page);
    await learner.readyToPay();
    expect(wallet.signed[0]).toContain(`Chain ID: ${second.id}`);
    await expect(page.getByRole('region', { name: 'What you buy' })).toContainText(NAME);
    await learner.pay.click();
    await learner.is('paid');
    await learner.read();
    expect(wallet.count('switch')).toBe(0);

    // So does who buys from a terminal; and both markets are shown there.
    const buying = ['--site', world.url, '--course', RUST.slug, '--chain', `${second.id}`];
    const bought = await world.lectern('pay', '--json', ...buying, '--dev-account', someone().address);
    expect(JSON.parse(bought)).toMatchObject({ outcome: 'bought', chain: second.id });
    const markets = (await world.lectern('contracts', 'list', '--json')).trim().split('\n').map((line) => JSON.parse(line));
    expect(markets.map(({ chain, code }) => [chain, code])).toEqual([[world.chain.id, 'ours'], [second.id, 'ours']]);

    // Whose wallet goes to another chain is offered to pay there; without JavaScript, too.
    const other = await browser.newContext({ baseURL: world.url });
    const wandering = await Wallet.install(other, world.chain, someone());
    wandering.learn(second);
    const buyer = new Learner(await other.newPage());
    await buyer.readyToPay();
    const way = buyer.page.getByTestId('ways').getByRole('listitem');
    await expect(way.getByText(`Your wallet is on ${NAME}`)).toBeHidden();
    await wandering.useNetwork(second.id);
    await buyer.says('wrong_network');
    await expect(way.getByText(`Your wallet is on ${NAME}`)).toBeVisible();
    await way.getByRole('button', { name: `Pay in ETH on ${NAME} instead` }).click();
    await alive(buyer.page);
    await expect(buyer.pay).toHaveText(`Pay ${RUST.price}\u{a0}ETH`);
    await buyer.pay.click();
    await buyer.is('paid');
    await expect(buyer.page.getByTestId('ways')).toBeHidden();
    expect(wandering.sent).toHaveLength(1);

    // What was earned on each waits there, and is taken out with the wallet on that chain.
    await world.chain.rpc('evm_setIntervalMining', [1]);
    const first = ['--site', world.url, '--course', RUST.slug, '--chain', `${world.chain.id}`];
    await world.lectern('pay', ...first, '--dev-account', someone().address);
    await world.chain.rpc('evm_setIntervalMining', [0]);
    await visit(studio.page, '/studio/payout');
    const payout = studio.page.getByTestId('payout');
    await expect(payout.getByRole('heading', { name: NAME })).toBeVisible();
    await expect(payout.getByRole('button', { name: 'Switch to Test chain' })).toBeVisible();
    await expect(payout.getByRole('button', { name: /Take out/ })).toBeVisible();
    await context.close();
    await other.close();
  });
});

test('an admin sees how each chain is doing', async ({ context, page, world }) => {
  await world.onTwoChains(async (second) => {
    await signInAs(context, world, account(9));
    await visit(page, '/admin');
    await expect(page.getByTestId('chain-health')).toHaveCount(2);
    const health = page.getByRole('region', { name: `Chain: ${NAME}` });
    await expect(health).toContainText('Answers');
    second.hang();
    try {
      await page.reload();
      await expect(health).toContainText('Does not answer');
      await expect(health.getByRole('row').nth(1)).toContainText('Does not answer');
      await expect(page.getByRole('region', { name: 'Chain: Test chain' })).toContainText('Answers');
    } finally {
      second.resume();
    }
  });
});
