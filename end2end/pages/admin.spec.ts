import { account } from '../fixtures/chain.ts';
import { FREE, Learner, RUST, fold } from '../fixtures/learner.ts';
import { order, payment, personIn } from '../fixtures/sitemap.ts';
import { expect, signInAs, test } from '../fixtures/test.ts';

test.beforeEach(async ({ context, world }) => {
  await signInAs(context, world, account(9));
});

test('every list of the admin’s is there, and leads to the others', async ({ page }) => {
  await page.goto('/admin');
  await expect(page.getByTestId('chain-health')).toContainText('Test chain');
  for (const name of ['Users', 'Courses', 'Orders', 'Payments', 'Transfers', 'Access', 'Audit log']) {
    await page.getByRole('navigation', { name: 'Admin' }).getByRole('link', { name, exact: true }).click();
    await expect(page.getByRole('heading', { level: 1, name })).toBeVisible();
    await expect(page.getByRole('button', { name: 'Show' })).toBeVisible();
  }
});

test('a role is given and taken by forms', async ({ page, browser, world, someone }) => {
  const who = someone();
  const context = await browser.newContext({ baseURL: world.url });
  await signInAs(context, world, who);
  const change = async (button: string, reason: string) => {
    await page.goto(`/admin/users?q=${who.address}`);
    await fold(page, 'Roles').click();
    await page.getByLabel('Reason').fill(reason);
    await page.getByRole('button', { name: button }).click();
  };
  await change('Make instructor', 'by a form');
  await expect(page.getByText('The role is given')).toBeVisible();
  expect((await context.request.get('/studio/new')).status()).toBe(200);
  await change('Take the role of instructor', 'by another form');
  await expect(page.getByText('The role is taken')).toBeVisible();
  expect((await context.request.get('/studio/new')).status()).toBe(403);
  await context.close();
});

test('access is granted and revoked by forms', async ({ page, someone }) => {
  const who = someone().address;
  await page.goto('/admin/access');
  await fold(page, 'Grant access').click();
  const form = page.getByTestId('grant-form');
  await form.getByLabel('Wallet').fill(who);
  await form.getByLabel('Course').fill(RUST.slug);
  await form.getByLabel('Reason').fill('helped with the figures');
  await form.getByRole('button', { name: 'Grant access' }).click();
  await expect(page.getByText('Access is granted')).toBeVisible();
  await page.goto(`/admin/access?q=${who}`);
  await expect(page.getByTestId('list-count')).toHaveText('1 enrollment');
  await fold(page.getByTestId('enrollments'), 'Revoke').click();
  await page.getByTestId('enrollments').getByLabel('Reason').fill('by mistake');
  await page.getByRole('button', { name: 'Revoke access' }).click();
  await expect(page.getByText('Access is revoked')).toBeVisible();
  await page.goto('/admin/audit?q=by+mistake');
  await expect(page.getByTestId('audit')).toContainText('Revoked access');
});

test('payments are decided about by forms', async ({ page, browser, world, someone }) => {
  const office = page.getByTestId('payments');
  for (const act of ['Accept', 'Dismiss']) {
    const context = await personIn(browser, world, someone(), { javaScriptEnabled: false });
    const buyer = await context.newPage();
    const address = await order(context, world, RUST.slug);
    const { from, to, data, value } = await payment(context, world, address);
    await buyer.goto(address);
    await buyer.getByRole('button', { name: 'Cancel this order' }).click();
    const hash = await world.chain.send({ from, to, data, value: BigInt(value) });
    await world.chain.mine(2);
    await expect(async () => {
      await page.goto(`/admin/payments?state=review&q=${hash}`);
      await expect(office).toContainText('To review', { timeout: 500 });
    }).toPass();
    if (act === 'Dismiss') {
      await fold(office, 'Facts').click();
      await office.getByLabel('Reason').fill('agreed with the buyer');
    }
    await office.getByRole('button', { name: act }).click();
    await expect(page.getByText(`The payment is ${act.toLowerCase()}ed`)).toBeVisible();
    expect(await new Learner(buyer).canRead(RUST.slug, RUST.locked)).toBe(act === 'Accept');
    await context.close();
  }
});

test('courses are found by title and state', async ({ page }) => {
  await page.goto('/admin/courses');
  await page.getByLabel('Search').fill(FREE.title);
  await page.getByLabel('State').selectOption('published');
  await page.getByRole('button', { name: 'Show' }).click();
  await expect(page.getByTestId('list-count')).toHaveText('1 course');
  await page.getByRole('link', { name: 'Clear' }).click();
  await expect(page.getByRole('rowheader', { name: RUST.title })).toBeVisible();
});
