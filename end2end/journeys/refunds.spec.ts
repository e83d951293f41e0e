import { type Chain, account } from '../fixtures/chain.ts';
import { Learner, TYPE, alive, visit } from '../fixtures/learner.ts';
import { Teacher } from '../fixtures/teacher.ts';
import { expect, signInAs, test } from '../fixtures/test.ts';
import { Wallet } from '../fixtures/wallet.ts';
import { FINAL_AT } from '../fixtures/world.ts';

/** The account that teaches the course with the money-back window. */
const TEACHER = account(2);

async function buy(learner: Learner, chain: Chain): Promise<string> {
  await learner.buy(chain, TYPE.slug, 'Reader');
  expect(await learner.canRead(TYPE.slug, TYPE.locked)).toBe(true);
  return new URL(learner.page.url()).pathname;
}

test('case 29: a buyer gives a course back, gets the whole price, and can buy it again', async ({ page, wallet, world }) => {
  test.setTimeout(90_000);
  await visit(page, `/courses/${TYPE.slug}`);
  await expect(page.getByText('Money back within 14 days')).toBeVisible();
  const learner = new Learner(page);
  const order = await buy(learner, world.chain);
  // Most are given back when they are final long since, and from a page that stayed open.
  await world.chain.mine(FINAL_AT);
  await learner.says('open');
  await expect(learner.message).toContainText('for good');
  const watching = await page.context().newPage();
  await visit(watching, order);
  const paid = await world.chain.balance(wallet.account.address);

  await visit(page, '/orders');
  await page.getByRole('link', { name: 'Money back' }).click();
  await alive(page);
  await expect(page.getByRole('heading', { name: 'Give the course back' })).toBeVisible();
  await new Teacher(page).send();
  await expect.poll(() => wallet.sent.length).toBe(2);
  await world.chain.mine(2);
  await page.waitForURL(`**${order}`);
  await learner.is('refunded', { timeout: 20_000 });
  await learner.says('refunded');
  await new Learner(watching).is('refunded', { timeout: 40_000 });
  await watching.close();
  expect(await learner.canRead(TYPE.slug, TYPE.locked)).toBe(false);
  expect(await world.chain.balance(wallet.account.address)).toBeGreaterThan(paid);
  await visit(page, '/orders');
  await expect(page.getByRole('row', { name: TYPE.title })).toContainText('Refunded');
  await visit(page, '/learning');
  await expect(page.getByText('Refunded')).toBeVisible();
  // Whoever sped the refund up, or sent it elsewhere, comes here again.
  await visit(page, `${order}/refund`);
  await expect(page).toHaveURL((url) => url.pathname === order);

  await learner.openOrder(TYPE.slug, 'Reader');
  await learner.pay.click();
  await learner.is('submitted');
  await world.chain.mine(2);
  await learner.is('paid');
  expect(await learner.canRead(TYPE.slug, TYPE.locked)).toBe(true);
});

test('case 29: a teacher refunds a sale, which was held until then', async ({ page, browser, wallet, world }) => {
  test.setTimeout(90_000);
  const learner = new Learner(page);
  await buy(learner, world.chain);

  const studio = await browser.newContext({ baseURL: world.url });
  const teachers = await Wallet.install(studio, world.chain, TEACHER);
  await signInAs(studio, world, TEACHER);
  const teacher = new Teacher(await studio.newPage());
  await visit(teacher.page, '/studio/payout');
  await expect(teacher.page.getByTestId('held')).toBeVisible();
  await visit(teacher.page, '/studio');
  await teacher.page.getByRole('link', { name: TYPE.title }).first().click();
  await alive(teacher.page);
  const sales = `${new URL(teacher.page.url()).pathname}/sales`;
  await visit(teacher.page, sales);
  await teacher.page.getByRole('link', { name: `Refund ${wallet.account.address}` }).click();
  await alive(teacher.page);
  await teacher.send();
  await expect.poll(() => teachers.sent.length).toBe(1);
  await world.chain.mine(2);
  await teacher.page.waitForURL(`**${sales}?done=refunded`);
  await expect(teacher.page.getByText('The refund is on the network')).toBeVisible();
  await learner.is('refunded', { timeout: 20_000 });
  expect(await learner.canRead(TYPE.slug, TYPE.locked)).toBe(false);
  await expect(async () => {
    await teacher.page.reload();
    const row = teacher.page.getByRole('row').filter({ has: teacher.page.getByTitle(wallet.account.address) });
    await expect(row).toContainText('Refunded', { timeout: 500 });
  }).toPass();
  await studio.close();
});

test('case 28: nobody else finds the refund, and there is none without a window', async ({ page, browser, wallet, world, someone }) => {
  expect(wallet.sent).toHaveLength(0);
  const learner = new Learner(page);
  const order = await buy(learner, world.chain);
  const other = await browser.newContext({ baseURL: world.url });
  await signInAs(other, world, someone());
  expect((await other.request.get(`${order}/refund`)).status()).toBe(404);
  await other.close();
  await learner.openOrder('rust-read-slowly');
  const open = new URL(page.url()).pathname;
  expect((await page.request.get(`${open}/refund`)).status()).toBe(409);
});

test('an instructor sets the window before the listing, and learns what the contract fixes', async ({ page, wallet, context, world }) => {
  await signInAs(context, world, wallet.account);
  await world.lectern('admin', 'grant', wallet.account.address);
  await visit(page, `/admin/users?q=${wallet.account.address}`);
  await page.locator('summary').filter({ hasText: 'Roles' }).click();
  await page.getByLabel('Reason').fill('teaches');
  await page.getByRole('button', { name: 'Make instructor' }).click();
  const teacher = new Teacher(page);
  await teacher.create('Second Thoughts');
  await teacher.addModule('Only');
  await teacher.addLesson('Only', 'One');
  await teacher.addTier('All', '0.02');
  const form = page.getByTestId('window');
  await form.getByLabel('Days').fill('61');
  await form.getByRole('button', { name: 'Save the window' }).click();
  await expect(form.getByLabel('Days')).toHaveAttribute('aria-invalid', 'true');
  await expect(form.getByLabel('Days')).toHaveValue('61');
  await form.getByLabel('Days').fill('7');
  await form.getByRole('button', { name: 'Save the window' }).click();
  await expect(page.getByText('Sales have this window once the chain has it')).toBeVisible();

  await teacher.go('/publish');
  await page.getByTestId('publish-form').getByRole('button', { name: 'Publish the course' }).click();
  await alive(page);
  await teacher.send();
  await expect.poll(() => wallet.sent.length).toBe(1);
  await world.chain.mine(3);
  await expect(page.getByTestId('publish-steps')).toContainText('7 days', { timeout: 20_000 });

  await teacher.go('/tiers');
  await form.getByLabel('Days').fill('0');
  await form.getByRole('button', { name: 'Save the window' }).click();
  await expect(page.getByTestId('window').getByRole('alert')).toContainText('not end it');
  await form.getByLabel('Days').fill('30');
  await form.getByRole('button', { name: 'Save the window' }).click();
  await teacher.go('/publish');
  await expect(page.getByTestId('window-differs')).toContainText('30 days');
  await expect(page.getByTestId('window-differs')).toContainText('7 days');
  await teacher.send();
  await expect.poll(() => wallet.sent.length).toBe(2);
  await world.chain.mine(3);
  await expect(page.getByTestId('publish-steps')).toContainText('30 days', { timeout: 20_000 });
});
