import { CHAIN_ID } from '../fixtures/chain.ts';
import { Learner, RUST, signInMessage, visit } from '../fixtures/learner.ts';
import { expect, test } from '../fixtures/test.ts';

test('a declined sign-in is a choice, and can be made again', async ({ page, wallet }) => {
  const learner = new Learner(page);
  await visit(page, '/sign-in');
  await expect(page.getByTestId('sign-again')).toBeHidden();
  wallet.rejectNext();
  await learner.wallet().click();
  await expect(signInMessage(page, 'rejected')).toContainText('You can try again');
  await learner.wallet().click();
  await expect(page.getByRole('button', { name: 'Your account' })).toBeVisible();
  expect(wallet.prompts).toEqual(['connect', 'connect', 'sign']);
});

test('a declined signature can be asked for again with one click', async ({ page, wallet }) => {
  const learner = new Learner(page);
  await visit(page, '/sign-in');
  const connecting = wallet.holdNext();
  wallet.rejectNext();
  await learner.wallet().click();
  await connecting.asked;
  connecting.approve();
  await expect(signInMessage(page, 'rejected')).toBeVisible();
  await page.getByTestId('sign-again').click();
  await expect(page.getByRole('button', { name: 'Your account' })).toBeVisible();
});

test('a declined payment moves no money and can be made again', async ({ page, wallet, world }) => {
  const learner = new Learner(page);
  await learner.readyToPay();
  wallet.rejectNext();
  await learner.pay.click();
  await learner.says('rejected');
  await expect(learner.message).toContainText('no money moved');
  await learner.is('open');
  await learner.pay.click();
  await learner.is('submitted');
  await world.chain.mine(2);
  await learner.is('paid');
  expect(wallet.sent).toHaveLength(1);
});

test('a wallet with an earlier request open says where to look', async ({ page, wallet }) => {
  const learner = new Learner(page);
  await learner.readyToPay();
  wallet.refuseNext(-32002, 'Request of type already pending. Please wait.');
  await learner.pay.click();
  await learner.says('request_pending');
  await expect(learner.message).toContainText('Open the wallet');
  await expect(learner.pay).toBeVisible();
});

test('case 22: on another network the page offers to switch, then to pay', async ({ page, wallet, world }) => {
  const learner = new Learner(page);
  await learner.readyToPay();
  await wallet.useNetwork(1);
  await learner.says('wrong_network');
  await expect(learner.pay).toBeHidden();
  await page.getByTestId('switch-network').click();
  await learner.says('switched');
  await learner.pay.click();
  await learner.is('submitted');
  await world.chain.mine(2);
  await learner.is('paid');
  expect(wallet.prompts).toEqual(['connect', 'sign', 'switch', 'send']);
});

test('case 22: a network that the wallet does not know is added', async ({ page, wallet }) => {
  const learner = new Learner(page);
  await learner.readyToPay();
  wallet.forgetNetwork(CHAIN_ID);
  await wallet.useNetwork(1);
  await page.getByTestId('switch-network').click();
  await learner.says('switched');
  await expect(learner.pay).toBeVisible();
  expect(wallet.prompts).toEqual(['connect', 'sign', 'add', 'switch']);
});

test('case 22: a declined switch leaves the way to switch', async ({ page, wallet }) => {
  const learner = new Learner(page);
  await learner.readyToPay();
  await wallet.useNetwork(1);
  wallet.rejectNext();
  await page.getByTestId('switch-network').click();
  await learner.says('rejected');
  await expect(page.getByTestId('switch-network')).toBeVisible();
});

test('an account without the money is told so before anything is sent', async ({ page, wallet, world }) => {
  const learner = new Learner(page);
  await world.chain.setBalance(wallet.account.address, '0.001');
  await learner.readyToPay();
  await learner.pay.click();
  await learner.says('insufficient_funds');
  await expect(learner.message).toContainText('Nothing was sent');
  await learner.is('open');
  expect(wallet.sent).toHaveLength(0);
  await world.chain.setBalance(wallet.account.address, '1');
  await learner.pay.click();
  await learner.is('submitted');
});

test('an account with the price but not the fee is told so', async ({ page, wallet, world }) => {
  const learner = new Learner(page);
  await world.chain.setBalance(wallet.account.address, RUST.price);
  await learner.readyToPay();
  await learner.pay.click();
  await learner.says('insufficient_funds');
  await learner.is('open');
});

test('case 33: another account in the wallet is named before it pays, and the course opens for the buyer', async ({
  page,
  wallet,
  world,
  someone,
}) => {
  const learner = new Learner(page);
  await learner.readyToPay();
  const other = someone();
  await wallet.useAccount(other);
  const notice = page.getByTestId('other-account');
  await expect(notice).toBeVisible();
  await expect(notice.getByTitle(other.address)).toBeVisible();
  await learner.pay.click();
  await learner.is('submitted');
  await world.chain.mine(2);
  await learner.is('paid');
  expect(wallet.last.from.address).toBe(other.address);
  expect(await learner.canRead(RUST.slug, RUST.locked)).toBe(true);
});

test('a wallet that locks itself is asked for again', async ({ page, wallet }) => {
  const learner = new Learner(page);
  await learner.readyToPay();
  await wallet.disconnect();
  await expect(learner.wallet()).toBeVisible();
  await learner.wallet().click();
  await expect(learner.pay).toBeVisible();
});

test('a double click asks the wallet once', async ({ page, wallet, world }) => {
  const learner = new Learner(page);
  await learner.readyToPay();
  const window = wallet.holdNext();
  await learner.pay.dblclick();
  await window.asked;
  await learner.says('asking');
  window.approve();
  await learner.is('submitted');
  await world.chain.mine(2);
  await learner.is('paid');
  expect(wallet.count('send')).toBe(1);
  expect(wallet.sent).toHaveLength(1);
});

test('two tabs make one payment', async ({ page, context, wallet, world }) => {
  const learner = new Learner(page);
  await learner.readyToPay();
  const second = new Learner(await context.newPage());
  await visit(second.page, page.url());
  await expect(second.page.getByTestId('wallet-in-use')).toBeVisible();
  const window = wallet.holdNext();
  await learner.pay.click();
  await window.asked;
  await second.pay.click();
  await second.says('paying_elsewhere');
  window.approve();
  await learner.is('submitted');
  await second.is('submitted');
  await world.chain.mine(2);
  await learner.is('paid');
  await second.is('paid');
  expect(wallet.sent).toHaveLength(1);
});

test('two tabs on the course share one order', async ({ page, context, wallet }) => {
  const learner = new Learner(page);
  await learner.signIn();
  const second = new Learner(await context.newPage());
  await Promise.all([learner.openOrder(RUST.slug), second.openOrder(RUST.slug)]);
  expect(second.page.url()).toBe(page.url());
  expect(wallet.sent).toHaveLength(0);
});

test('an order that is given up can be had again at today’s price', async ({ page, wallet, world }) => {
  const learner = new Learner(page);
  await learner.readyToPay();
  await page.getByTestId('cancel-order').click();
  await learner.is('cancelled');
  await learner.says('cancelled');
  const first = page.url();
  await page.getByTestId('new-price').click();
  await page.waitForURL((url) => /\/orders\//.test(url.pathname) && url.href !== first);
  await learner.is('open');
  await learner.pay.click();
  await learner.is('submitted');
  await world.chain.mine(2);
  await learner.is('paid');
  expect(wallet.sent).toHaveLength(1);
});
