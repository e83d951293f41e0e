import type { Browser } from '@playwright/test';

import { account } from '../fixtures/chain.ts';
import { Learner, RUST, TYPE, fold, visit } from '../fixtures/learner.ts';
import { expect, signInAs, test } from '../fixtures/test.ts';
import type { Wallet } from '../fixtures/wallet.ts';
import type { World } from '../fixtures/world.ts';

const ADMIN = account(9);
const PAGES = ['', '/users', '/courses', '/orders', '/payments', '/transfers', '/access', '/audit'];

test('an admin finds users, courses, orders and payments', async ({ page, browser, wallet, world }) => {
  const buyer = new Learner(page);
  await buyer.buy(world.chain);

  const office = await browser.newContext({ baseURL: world.url });
  await signInAs(office, world, ADMIN);
  const desk = await office.newPage();
  const { address } = wallet.account;
  await visit(desk, '/admin');
  await expect(desk.getByTestId('chain-health')).toContainText('Answers');
  await expect(desk.getByTestId('figures')).toContainText('Orders paid');

  const find = async (section: string, words: string, list: string) => {
    await visit(desk, `/admin/${section}`);
    const filters = desk.getByTestId('filters');
    await filters.getByLabel('Search').fill(words);
    await filters.getByRole('button', { name: 'Show' }).click();
    await expect(desk).toHaveURL(/\?q=/);
    await expect(desk.getByTestId('list-count')).toHaveText(/^1 /);
    return desk.getByTestId(list);
  };
  await expect((await find('users', address, 'users')).getByTitle(address)).toBeVisible();
  await expect(await find('orders', wallet.last.hash, 'orders')).toContainText('Paid');
  await expect(await find('payments', wallet.last.hash, 'payments')).toContainText('Accepted');
  await expect(await find('access', address, 'enrollments')).toContainText('Bought');
  await expect(await find('courses', TYPE.title, 'courses')).toContainText('Published');

  // Of this buyer: others of this world may have let an order expire.
  await visit(desk, `/admin/orders?q=${address}`);
  await desk.getByTestId('filters').getByLabel('State').selectOption('expired');
  await desk.getByTestId('filters').getByRole('button', { name: 'Show' }).click();
  await expect(desk.getByText('Nothing matches')).toBeVisible();
  await office.close();
});

test('a role is given and taken with a reason, holds at once, and is in the audit log', async ({ page, context, browser, world, someone }) => {
  const who = someone();
  await signInAs(context, world, who);
  expect((await context.request.get('/studio/new')).status()).toBe(403);

  const office = await browser.newContext({ baseURL: world.url });
  await signInAs(office, world, ADMIN);
  const desk = await office.newPage();
  const roles = async (button: string, reason: string) => {
    await visit(desk, `/admin/users?q=${who.address}`);
    await fold(desk, 'Roles').click();
    await desk.getByLabel('Reason').fill(reason);
    await desk.getByRole('button', { name: button }).click();
  };
  await visit(desk, `/admin/users?q=${who.address}`);
  await roles('Make instructor', 'teaches bread from May on');
  await expect(desk.getByText('The role is given')).toBeVisible();
  await visit(page, '/studio/new');
  await expect(page.getByRole('heading', { name: 'New course' })).toBeVisible();

  await roles('Take the role of instructor', 'moved to Lisbon');
  await expect(desk.getByText('The role is taken')).toBeVisible();
  expect((await context.request.get('/studio/new')).status()).toBe(403);

  await visit(desk, '/admin/audit');
  const log = desk.getByTestId('audit');
  await expect(log.getByRole('row', { name: 'teaches bread from May on' })).toContainText('Gave a role');
  await expect(log.getByRole('row', { name: 'moved to Lisbon' })).toContainText('Took a role');
  await office.close();
});

test('without a reason nothing is given, and the form says so', async ({ context, page, world, someone }) => {
  const who = someone();
  await signInAs(context, world, who);
  await context.clearCookies();
  await signInAs(context, world, ADMIN);
  await visit(page, `/admin/users?q=${who.address}`);
  await fold(page, 'Roles').click();
  // The browser itself would stop an empty field; a blank one is the server's to refuse.
  await page.getByLabel('Reason').fill('   ');
  await page.getByRole('button', { name: 'Make admin' }).click();
  await expect(page.getByRole('alert')).toBeVisible();
  await expect(page.getByTestId('users')).not.toContainText('AdminTake');
  await visit(page, `/admin/users?q=${who.address}`);
  await expect(page.getByTestId('users')).toContainText('Learner');
});

test('access is granted and revoked with a reason', async ({ page, context, browser, world, someone }) => {
  const who = someone();
  const learner = new Learner(page);
  await signInAs(context, world, who);
  expect(await learner.canRead(RUST.slug, RUST.locked)).toBe(false);

  const office = await browser.newContext({ baseURL: world.url });
  await signInAs(office, world, ADMIN);
  const desk = await office.newPage();
  await visit(desk, '/admin/access');
  await fold(desk, 'Grant access').click();
  const form = desk.getByTestId('grant-form');
  await form.getByLabel('Wallet').fill('0x12');
  await form.getByLabel('Course').fill('no-such-course');
  await form.getByLabel('Reason').fill('won the raffle');
  await form.getByRole('button', { name: 'Grant access' }).click();
  await expect(desk.getByRole('alert')).toContainText('There is no course at that address');
  await expect(form.getByLabel('Reason')).toHaveValue('won the raffle');
  await form.getByLabel('Wallet').fill(who.address);
  await form.getByLabel('Course').fill(`${world.url}/courses/${RUST.slug}`);
  await form.getByRole('button', { name: 'Grant access' }).click();
  await expect(desk.getByText('Access is granted')).toBeVisible();
  expect(await learner.canRead(RUST.slug, RUST.locked)).toBe(true);

  await visit(desk, `/admin/access?q=${who.address}`);
  await expect(desk.getByTestId('enrollments')).toContainText('Granted');
  await fold(desk.getByTestId('enrollments'), 'Revoke').click();
  await desk.getByTestId('enrollments').getByLabel('Reason').fill('the raffle was rigged');
  await desk.getByRole('button', { name: 'Revoke access' }).click();
  await expect(desk.getByText('Access is revoked')).toBeVisible();
  expect(await learner.canRead(RUST.slug, RUST.locked)).toBe(false);
  await visit(page, '/learning');
  await expect(page.getByText('Access taken back')).toBeVisible();

  await visit(desk, '/admin/audit?q=raffle');
  await expect(desk.getByTestId('audit')).toContainText('Granted access');
  await expect(desk.getByTestId('audit')).toContainText('Revoked access');
  await office.close();
});

/** Pays in one tab while another gives the order up: the money comes for a cancelled order. */
async function payTooLate(buyer: Learner, wallet: Wallet, world: World): Promise<void> {
  const window = wallet.holdNext();
  await buyer.pay.click();
  await window.asked;
  const other = await buyer.page.context().newPage();
  await visit(other, buyer.page.url());
  await other.getByTestId('cancel-order').click();
  await new Learner(other).is('cancelled');
  window.approve();
  await expect.poll(() => wallet.sent.length).toBe(1);
  await world.chain.mine(2);
  await buyer.says('closed');
}

/** An admin decides that a payment goes back. */
async function haveRefunded(browser: Browser, world: World, hash: string) {
  const office = await browser.newContext({ baseURL: world.url });
  await signInAs(office, world, ADMIN);
  const desk = await office.newPage();
  await visit(desk, `/admin/payments?q=${hash}`);
  const payments = desk.getByTestId('payments');
  await payments.getByRole('button', { name: 'Refund' }).click();
  await expect(desk.getByText('The payment is to go back')).toBeVisible();
  return { office, desk, payments };
}

test('money that came for a cancelled order is accepted by a person', async ({ page, browser, wallet, world }) => {
  const buyer = new Learner(page);
  await buyer.readyToPay();
  await payTooLate(buyer, wallet, world);
  expect(await buyer.canRead(RUST.slug, RUST.locked)).toBe(false);

  const office = await browser.newContext({ baseURL: world.url });
  await signInAs(office, world, ADMIN);
  const desk = await office.newPage();
  // What waits for a person is the first thing that an admin sees.
  await visit(desk, '/admin');
  const waiting = desk.getByTestId('review').getByRole('rowgroup').filter({ has: desk.getByTitle(wallet.last.hash) });
  await fold(waiting, 'Facts').click();
  await expect(waiting.getByRole('definition').filter({ hasText: 'Cancelled' })).toBeVisible();
  await waiting.getByRole('button', { name: 'Dismiss' }).click();
  await expect(waiting.getByLabel('Reason')).toBeFocused();
  await visit(desk, `/admin/payments?q=${wallet.last.hash}`);
  const payments = desk.getByTestId('payments');
  await expect(payments).toContainText('To review');
  await fold(payments, 'Facts').click();
  await payments.getByLabel('Reason').fill('   ');
  await payments.getByRole('button', { name: 'Dismiss' }).click();
  await expect(desk.getByRole('alert')).toContainText('Say why');
  await payments.getByRole('button', { name: 'Accept' }).click();
  await expect(desk.getByText('The payment is accepted')).toBeVisible();
  await expect(payments).toContainText('Accepted');
  expect(await buyer.canRead(RUST.slug, RUST.locked)).toBe(true);
  await visit(desk, `/admin/audit?q=${wallet.last.hash}`);
  await expect(desk.getByTestId('audit')).toContainText('Accepted a payment');
  await office.close();
});

test('money that came for a cancelled order goes back, from the contract that holds it', async ({ page, browser, wallet, world }) => {
  const buyer = new Learner(page);
  await buyer.readyToPay(TYPE.slug, 'Reader');
  await payTooLate(buyer, wallet, world);

  const { office } = await haveRefunded(browser, world, wallet.last.hash);
  await office.close();

  const order = page.url();
  await visit(page, '/orders');
  await expect(page.getByRole('row', { name: TYPE.title }).first()).toContainText('To be paid back');
  await visit(page, order);
  await buyer.says('to_refund');
  await page.getByRole('link', { name: 'Give it back' }).click();
  await page.getByRole('button', { name: 'Give it back' }).click();
  await expect.poll(() => wallet.sent.length).toBe(2);
  await world.chain.mine(2);
  await page.waitForURL((url) => url.pathname.startsWith('/orders/') && !url.pathname.endsWith('/refund'));
  await buyer.is('refunded');
});

test('money that the contract does not hold goes back by hand, and somebody says how', async ({ page, browser, wallet, world }) => {
  const buyer = new Learner(page);
  await buyer.readyToPay();
  await payTooLate(buyer, wallet, world);

  const { office, desk, payments } = await haveRefunded(browser, world, wallet.last.hash);
  // The buyer's own page, as an admin sees it: what the buyer could do is not the admin's.
  await visit(desk, new URL(page.url()).pathname);
  await expect(desk.getByTestId('another')).toBeVisible();
  await visit(desk, '/admin');
  const waiting = desk.getByTestId('review').getByRole('region', { name: 'To be paid back' });
  await expect(waiting.getByTitle(wallet.last.hash).first()).toBeVisible();
  await desk.getByTestId('figures').getByRole('link', { name: 'Payments to pay back' }).click();
  const owed = payments.getByRole('rowgroup').filter({ has: desk.getByTitle(wallet.last.hash) });
  await fold(owed, 'Facts').click();
  await owed.getByLabel('How it was paid back').fill('  ');
  await owed.getByRole('button', { name: 'It is paid back' }).click();
  await expect(desk.getByRole('alert')).toContainText('Say how');
  await expect(owed.getByRole('button', { name: 'Refund' })).toHaveCount(0);
  await owed.getByLabel('How it was paid back').fill('by the instructor, in transaction 0x12');
  await owed.getByRole('button', { name: 'It is paid back' }).click();
  await expect(desk.getByText('The payment is paid back')).toBeVisible();
  await expect(owed).toHaveCount(0);
  await visit(desk, `/admin/audit?q=${wallet.last.hash}`);
  await expect(desk.getByTestId('audit')).toContainText('by the instructor, in transaction 0x12');
  await office.close();

  await page.reload();
  await buyer.says('paid_back');
  await visit(page, '/orders');
  await expect(page.getByRole('row', { name: RUST.title }).first()).toContainText('Paid back');
});

test('nobody else runs the place', async ({ browser, world, someone }) => {
  for (const who of [someone(), account(1)]) {
    const context = await browser.newContext({ baseURL: world.url });
    await signInAs(context, world, who);
    for (const page of PAGES) {
      const answer = await context.request.get(`/admin${page}`);
      expect(answer.status(), `/admin${page}`).toBe(403);
    }
    const headers = { origin: world.url };
    const act = { headers, form: { act: 'give-admin', user: '00000000-0000-4000-8000-000000000000', reason: 'because' } };
    expect((await context.request.post('/admin/users', act)).status()).toBe(403);
    const page = await context.newPage();
    await page.goto('/admin');
    await expect(page.getByRole('heading', { name: 'Not yours to open' })).toBeVisible();
    await context.close();
  }
});

test('a course belongs to its teacher: others may not change it', async ({ browser, world }) => {
  const teacher = await browser.newContext({ baseURL: world.url });
  await signInAs(teacher, world, account(1));
  const page = await teacher.newPage();
  await visit(page, '/studio');
  const mine = await page.getByTestId('studio-courses').getByRole('link', { name: RUST.title }).getAttribute('href');
  const other = await browser.newContext({ baseURL: world.url });
  await signInAs(other, world, account(2));
  for (const section of ['', '/tiers', '/files', '/publish', '/learners', '/sales']) {
    const answer = await other.request.get(`${mine}${section}`);
    expect([403, 404], `${section}`).toContain(answer.status());
  }
  const headers = { origin: world.url };
  const answer = await other.request.post(`${mine}`, { headers, form: { act: 'add-module', title: 'Mine now' } });
  expect([403, 404]).toContain(answer.status());
  await teacher.close();
  await other.close();
});
