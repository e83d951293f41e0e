import { FREE, RUST } from '../fixtures/learner.ts';
import { enrol, order, pay, waitFor } from '../fixtures/sitemap.ts';
import { expect, signInAs, test } from '../fixtures/test.ts';

test.beforeEach(async ({ context, world, someone }) => {
  await signInAs(context, world, someone());
});

test('a free course is taken, read and marked done', async ({ page }) => {
  await page.goto(`/courses/${FREE.slug}`);
  await page.getByRole('button', { name: 'Enrol for free' }).click();
  await expect(page).toHaveURL(new RegExp(`/lessons/${FREE.first}$`));
  await page.getByRole('button', { name: 'Mark done and go on' }).click();
  await expect(page).toHaveURL(/what-your-wallet-is-asking$/);
  await expect(page.getByText('1 of 8 lessons done')).toBeVisible();
  await page.getByRole('link', { name: 'Previous' }).click();
  await expect(page.getByText('You marked this lesson done.')).toBeVisible();
  await page.getByRole('button', { name: 'Mark as not done' }).click();
  await expect(page.getByRole('button', { name: 'Mark done and stay' })).toBeVisible();
  await expect(page.getByText('0 of 8 lessons done')).toBeVisible();
});

test('my courses begin with the one to continue', async ({ page, context, world }) => {
  await page.goto('/learning');
  await expect(page.getByText('Nothing on your shelf yet.')).toBeVisible();
  await enrol(context, world);
  await page.goto('/learning');
  await page.getByRole('link', { name: 'Start reading' }).click();
  await expect(page).toHaveURL(new RegExp(`/courses/${FREE.slug}/lessons/`));
});

test('an order’s page follows its payment from reload to reload', async ({ page, context, world }) => {
  const address = await order(context, world, RUST.slug);
  await page.goto(address);
  const state = page.getByTestId('order-state');
  await expect(state).toHaveAttribute('data-state', 'open');
  const hash = await pay(context, world, address);
  await page.goto(address);
  await expect(state).toHaveAttribute('data-state', 'submitted');
  await expect(page.getByTestId('checkout-message')).toContainText('You can close this tab');
  await world.chain.mine(2);
  await expect(async () => {
    await page.reload();
    await expect(state).toHaveAttribute('data-state', 'paid', { timeout: 500 });
  }).toPass();
  await page.getByTestId('start').click();
  await expect(page).toHaveURL(new RegExp(`/courses/${RUST.slug}/lessons/`));
  await page.goto('/orders');
  await page.getByRole('link', { name: `Receipt: ${RUST.title}` }).click();
  const receipt = page.getByTestId('receipt');
  const fact = (name: string) =>
    receipt.locator('div', { has: page.locator('dt', { hasText: new RegExp(`^${name}$`) }) }).locator('dd');
  const block = Number((await world.chain.transaction(hash))?.blockNumber);
  await expect(fact('State')).toHaveText('Paid');
  await expect(fact('Paid')).toHaveText(/^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d UTC \(/);
  await expect(fact('Order')).toHaveText(address.split('/').at(-1) ?? '');
  await expect(fact('Transaction').locator('code')).toHaveText(hash);
  await expect(fact('Block, log')).toHaveText(new RegExp(`^${block}, \\d+$`));
  await expect(fact("Block's hash")).toHaveText(/^0x[0-9a-f]{64}$/);
  await expect(page.getByTestId('worth')).toContainText('30.00 USD');
  // On paper there is the receipt, and nothing of the site.
  await page.emulateMedia({ media: 'print' });
  await expect(receipt).toBeVisible();
  await expect(page.getByRole('banner')).toBeHidden();
  await expect(page.getByRole('contentinfo')).toBeHidden();
  await page.emulateMedia({ media: 'screen' });
  await page.getByRole('link', { name: 'Your order' }).click();
  await expect(page.getByRole('heading', { name: 'Your order', exact: true })).toBeVisible();
  const unpaid = await order(context, world, 'setting-type-for-the-web');
  expect((await page.request.get(`${unpaid}/receipt`)).status()).toBe(409);
});

test('case 17: an order that a wallet has taken is not asked for again', async ({ page, context, world }) => {
  const address = await order(context, world, RUST.slug);
  await waitFor(context, world, address, 'safe-tx-17');
  await page.goto(address);
  await expect(page.getByTestId('order-state')).toHaveAttribute('data-state', 'open');
  await expect(page.getByTestId('checkout-message')).toContainText('Do not pay again');
  await expect(page.getByRole('button', { name: /Pay 0|Pay in|Cancel/ })).toHaveCount(0);
  await page.goto('/orders');
  await expect(page.getByRole('row', { name: RUST.title })).toContainText('Waiting for your wallet');
  await expect(page.getByRole('link', { name: `Details: ${RUST.title}` })).toBeVisible();
});

test('an order is given up by a button, and had again', async ({ page, context, browser, world }) => {
  const bought = await order(context, world, RUST.slug);
  // Whoever is signed out meanwhile signs in to the order, not to the button.
  const visitor = await browser.newContext();
  const headers = { origin: world.url };
  const answer = await visitor.request.post(`${world.url}${bought}/cancel`, { headers, maxRedirects: 0 });
  expect([answer.status(), answer.headers().location]).toEqual([303, bought]);
  await visitor.close();
  await page.goto(bought);
  await page.getByRole('button', { name: 'Cancel this order' }).click();
  await expect(page.getByTestId('order-state')).toHaveAttribute('data-state', 'cancelled');
  expect(new URL(page.url()).pathname).toBe(bought);
  await page.getByRole('button', { name: 'Get a new price' }).click();
  await expect(page.getByTestId('order-state')).toHaveAttribute('data-state', 'open');
});

test('someone else’s order is nowhere', async ({ page, context, browser, world, someone }) => {
  const address = await order(context, world, RUST.slug);
  const other = await browser.newContext({ baseURL: world.url });
  await signInAs(other, world, someone());
  expect((await other.request.get(address)).status()).toBe(404);
  await page.goto('/orders');
  await expect(page.getByRole('row', { name: RUST.title })).toContainText('Waiting for payment');
  await other.close();
});

test('the profile keeps what was typed, says what is wrong, and saves', async ({ page }) => {
  await page.goto('/profile');
  await page.getByLabel('Name').fill('Ada <b>Byron</b>');
  await page.getByLabel('About you').fill('Writes programs.\nFor engines.');
  await page.getByRole('button', { name: 'Save profile' }).click();
  await expect(page.getByText('Your profile is saved.')).toBeVisible();
  await expect(page.getByLabel('Name')).toHaveValue('Ada <b>Byron</b>');
  await expect(page.getByLabel('About you')).toHaveValue('Writes programs.\nFor engines.');
  // Control characters are no name; the browser lets them through.
  await page.getByLabel('Name').fill('Ada\u0007');
  await page.getByRole('button', { name: 'Save profile' }).click();
  await expect(page.getByRole('alert')).toBeVisible();
  await expect(page.getByLabel('About you')).toHaveValue('Writes programs.\nFor engines.');
});

test('signing out is one button', async ({ page }) => {
  await page.goto('/learning');
  await page.getByRole('button', { name: 'Your account' }).click();
  await page.getByRole('button', { name: 'Sign out' }).click();
  await expect(page.getByRole('link', { name: 'Sign in' })).toBeVisible();
  expect((await page.goto('/learning'))?.status()).toBe(401);
});
