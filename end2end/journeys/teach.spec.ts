import { parseEther } from 'viem';

import { Learner, alive, fold, visit } from '../fixtures/learner.ts';
import { order, payment, personIn } from '../fixtures/sitemap.ts';
import { Teacher, png } from '../fixtures/teacher.ts';
import { expect, signInAs, test } from '../fixtures/test.ts';
import { Wallet } from '../fixtures/wallet.ts';

test.beforeEach(async ({ world, wallet, context }) => {
  await signInAs(context, world, wallet.account);
  await world.lectern('admin', 'grant', wallet.account.address);
});

/** Makes the signed-in admin an instructor, too, in the UI. */
async function becomeInstructor(teacher: Teacher, address: string): Promise<void> {
  const { page } = teacher;
  await visit(page, `/admin/users?q=${address}`);
  await fold(page, 'Roles').click();
  await page.getByLabel('Reason').fill('teaches');
  await page.getByRole('button', { name: 'Make instructor' }).click();
  await expect(page.getByText('The role is given')).toBeVisible();
}

async function draft(teacher: Teacher, title: string, address: string): Promise<void> {
  await becomeInstructor(teacher, address);
  await teacher.create(title);
  await teacher.addModule('Beginnings');
  await teacher.addLesson('Beginnings', 'The first steps');
  await teacher.addLesson('Beginnings', 'The second steps');
}

test('an instructor builds, prices, publishes and sells a course, and withdraws what it earned', async ({
  page,
  browser,
  wallet,
  world,
  someone,
}) => {
  test.setTimeout(120_000);
  const teacher = new Teacher(page);
  const title = 'Bread from Nothing';
  await draft(teacher, title, wallet.account.address);
  await teacher.addTier('The whole course', '0.03');

  await teacher.go('/publish');
  await page.getByTestId('publish-form').getByRole('button', { name: 'Publish the course' }).click();
  await expect(page.getByTestId('disagreements')).toContainText('Not for sale');
  await alive(page);
  await teacher.send();
  await expect.poll(() => wallet.sent.length).toBe(1);
  await world.chain.mine(3);
  await expect(page.getByText('The chain sells every tier at the price that the page shows')).toBeVisible({ timeout: 20_000 });
  await expect(page.getByTestId('publish-steps')).toContainText(`/courses/${teacher.slug}`);

  await visit(page, `/?q=${encodeURIComponent('bread')}`);
  await expect(page.getByRole('link', { name: title })).toBeVisible();

  const elsewhere = await browser.newContext({ baseURL: world.url });
  const buyers = await Wallet.install(elsewhere, world.chain, someone());
  const buyer = new Learner(await elsewhere.newPage());
  await buyer.buy(world.chain, teacher.slug);
  expect(await buyer.canRead(teacher.slug, 'the-first-steps')).toBe(true);

  await teacher.go('/sales');
  await expect(page.getByTestId('sales')).toContainText('The whole course');
  await expect(page.getByTestId('sales-totals')).toContainText('0.03');
  await expect(page.getByTestId('sales').getByTitle(buyers.account.address)).toBeVisible();
  await teacher.go('/learners');
  await expect(page.getByTestId('learners').getByTitle(buyers.account.address)).toBeVisible();

  await visit(page, '/studio/payout');
  await expect(page.getByTestId('owed')).toContainText('0.03');
  const before = await world.chain.balance(wallet.account.address);
  await teacher.send();
  await expect.poll(() => wallet.sent.length).toBe(2);
  await world.chain.mine(2);
  await page.waitForURL('**/studio/payout?done=withdrawn');
  await expect(page.getByTestId('owed')).toHaveText(/^0\s/);
  await expect(async () => {
    await page.reload();
    await expect(page.getByTestId('withdrawals')).toContainText('0.03', { timeout: 1000 });
  }).toPass({ timeout: 15_000 });
  // 0.03 came in, and the network fee went out.
  expect(await world.chain.balance(wallet.account.address)).toBeGreaterThan(before + parseEther('0.02'));
  await elsewhere.close();
});

test('a price that differs between page and chain is shown, and nobody can pay the wrong one', async ({
  page,
  browser,
  wallet,
  world,
  someone,
}) => {
  test.setTimeout(90_000);
  const teacher = new Teacher(page);
  await draft(teacher, 'Prices on Two Sides', wallet.account.address);
  await teacher.addTier('Everything', '0.01');
  await teacher.publish(wallet, world.chain);

  await teacher.go('/tiers');
  const tier = page.getByTestId('tier').first();
  await fold(tier, 'Edit').click();
  await tier.getByLabel('Price').fill('0.02');
  await tier.getByRole('button', { name: 'Save the tier' }).click();
  await expect(page.getByText('The prices here and on the chain differ')).toBeVisible();

  const visitor = await browser.newContext({ baseURL: world.url });
  const course = await visitor.newPage();
  await course.goto(`/courses/${teacher.slug}`);
  await expect(course.getByText('Not for sale yet').first()).toBeVisible();
  await expect(course.getByRole('button', { name: /Buy/ })).toHaveCount(0);
  await visitor.close();

  await teacher.go('/publish');
  const table = page.getByTestId('disagreements');
  await expect(table).toContainText('0.02');
  await expect(table).toContainText('0.01');
  await teacher.send();
  await expect.poll(() => wallet.sent.length).toBe(2);
  await world.chain.mine(3);
  await expect(page.getByText('The chain sells every tier')).toBeVisible({ timeout: 20_000 });

  const elsewhere = await browser.newContext({ baseURL: world.url });
  await Wallet.install(elsewhere, world.chain, someone());
  const buyer = new Learner(await elsewhere.newPage());
  await buyer.readyToPay(teacher.slug);
  await expect(buyer.pay).toHaveText('Pay 0.02 ETH');
  await elsewhere.close();
});

test('what was paid beyond an order’s price opens its course, and waits for a person', async ({ page, browser, wallet, world, someone }) => {
  test.setTimeout(90_000);
  const teacher = new Teacher(page);
  await draft(teacher, 'Dearer Overnight', wallet.account.address);
  await teacher.addTier('Everything', '0.01');
  await teacher.publish(wallet, world.chain);
  const buyer = await personIn(browser, world, someone());
  const address = await order(buyer, world, teacher.slug);
  const { from, to, data } = await payment(buyer, world, address);

  await teacher.go('/tiers');
  const tier = page.getByTestId('tier').first();
  await fold(tier, 'Edit').click();
  await tier.getByLabel('Price').fill('0.02');
  await tier.getByRole('button', { name: 'Save the tier' }).click();
  await teacher.go('/publish');
  await teacher.send();
  await expect.poll(() => wallet.sent.length).toBe(2);
  await world.chain.mine(3);
  // Not through the site, which would let the order be paid at its own price.
  const hash = await world.chain.send({ from, to, data, value: parseEther('0.02') });
  // Nobody decides about what may still be undone.
  await world.chain.mine(20);

  const desk = page.getByTestId('payments');
  await expect(async () => {
    await visit(page, `/admin/payments?state=review&q=${hash}`);
    await expect(desk).toContainText('More was paid than was due.', { timeout: 1000 });
  }).toPass({ timeout: 15_000 });
  await expect(desk).toContainText('Accepted');
  const paid = await buyer.newPage();
  await paid.goto(address);
  await expect(paid.locator('[data-state=paid]').first()).toBeVisible();

  await fold(desk, 'Facts, and the surplus').click();
  await expect(desk.getByRole('button', { name: 'Accept' })).toHaveCount(0);
  await desk.getByLabel('How it was paid back, or why not').fill('0.01 ETH by hand');
  await desk.getByRole('button', { name: 'It is paid back' }).click();
  await expect(page.getByText('The surplus is paid back')).toBeVisible();
  await visit(page, `/admin/payments?state=review&q=${hash}`);
  await expect(page.getByText('Nothing matches')).toBeVisible();
  await buyer.close();
});

test('modules and lessons are put in order by buttons, by keys and by drag', async ({ page, wallet }) => {
  const teacher = new Teacher(page);
  await draft(teacher, 'An Order of Things', wallet.account.address);
  await teacher.addModule('Endings');
  await teacher.addLesson('Endings', 'The last steps');

  await page.getByRole('button', { name: 'Up: The second steps' }).click();
  await expect.poll(() => teacher.order()).toEqual({
    Beginnings: ['The second steps', 'The first steps'],
    Endings: ['The last steps'],
  });
  await alive(page);

  const handle = teacher.lesson('The first steps').getByRole('button', { name: /^Move/ }).first();
  await handle.focus();
  await page.keyboard.press('ArrowDown');
  await expect(page.getByText('“The first steps” is at place 1 in “Endings”. Saved.')).toBeAttached();
  await page.reload();
  expect(await teacher.order()).toEqual({ Beginnings: ['The second steps'], Endings: ['The first steps', 'The last steps'] });
  await alive(page);

  // Both ends of the way must be in the window.
  await page.setViewportSize({ width: 1280, height: 2000 });
  const grip = await teacher.lesson('The last steps').locator('[data-handle]').boundingBox();
  const target = await teacher.lesson('The second steps').boundingBox();
  if (!grip || !target) throw new Error('nothing to drag');
  await page.mouse.move(grip.x + grip.width / 2, grip.y + grip.height / 2);
  await page.mouse.down();
  await page.mouse.move(target.x + 40, target.y + target.height - 4, { steps: 6 });
  await page.mouse.move(target.x + 40, target.y + 4, { steps: 3 });
  await page.mouse.up();
  await expect(page.getByText(/“The last steps” is at place 1 in “Beginnings”. Saved./)).toBeAttached();
  await page.reload();
  expect(await teacher.order()).toEqual({ Beginnings: ['The last steps', 'The second steps'], Endings: ['The first steps'] });

  await page.getByRole('button', { name: 'Up: Endings' }).click();
  await expect.poll(async () => Object.keys(await teacher.order())).toEqual(['Endings', 'Beginnings']);
});

test('modules and lessons are renamed and removed', async ({ page, wallet }) => {
  const teacher = new Teacher(page);
  await draft(teacher, 'Names and Their Ends', wallet.account.address);
  await page.getByLabel('Rename or remove “Beginnings”').click();
  await page.getByLabel("Module's title").fill('Openings');
  await page.getByRole('button', { name: 'Rename' }).click();
  await expect(teacher.module('Openings')).toBeVisible();

  const lesson = teacher.lesson('The second steps');
  await page.getByLabel('Move or remove “The second steps”').click();
  await fold(lesson, 'Remove').click();
  await lesson.getByRole('button', { name: /Yes, remove it/ }).click();
  await expect(page.getByText('Removed.')).toBeVisible();
  expect(await teacher.order()).toEqual({ Openings: ['The first steps'] });
});

test('Markdown is previewed as learners will see it, and nothing dangerous gets through', async ({ page, wallet, complaints }) => {
  const teacher = new Teacher(page);
  await draft(teacher, 'Writing It Down', wallet.account.address);
  await teacher.editLesson('The first steps');
  const text = page.getByLabel('Text', { exact: false }).first();
  const preview = page.getByTestId('preview');
  await text.fill('## A heading\n\nSome **bold** words.\n\n```rust\nfn main() {}\n```\n\n| a | b |\n|---|---|\n| 1 | 2 |\n');
  await expect(preview.getByRole('heading', { name: 'A heading' })).toBeVisible();
  await expect(preview.locator('strong')).toHaveText('bold');
  await expect(preview.getByRole('table')).toBeVisible();
  await expect(preview.locator('pre code')).toContainText('fn main');

  // The image may stay, without what it would do when it is not found, as it is not.
  complaints.expect(/status of 404 .*\/lessons\/x\)$/);
  await text.fill('<script>document.title="pwned"</script><img src=x onerror="document.title=\'pwned\'"> [x](javascript:alert(1)) safe');
  await expect(preview).toContainText('safe');
  await expect(preview.locator('script')).toHaveCount(0);
  await expect(preview.locator('[onerror]')).toHaveCount(0);
  await expect(preview.locator('a[href^="javascript"]')).toHaveCount(0);

  await text.fill('The **saved** text.');
  await page.getByLabel('Who may read it').selectOption('0');
  await page.getByRole('button', { name: 'Save the lesson' }).click();
  await expect(page.getByText('Saved.', { exact: true })).toBeVisible();
  // What was saved is not offered as if it had been lost.
  await expect(page.getByText('that was never saved')).toBeHidden();
  await page.getByRole('link', { name: 'See it as a learner' }).click();
  await expect(page.getByRole('article').locator('strong')).toHaveText('saved');
  await expect(page).not.toHaveTitle('pwned');
});

test('two people who edit one lesson lose nothing', async ({ page, context, wallet }) => {
  const teacher = new Teacher(page);
  await draft(teacher, 'Four Hands', wallet.account.address);
  await teacher.editLesson('The first steps');
  const second = await context.newPage();
  await visit(second, page.url());
  await page.locator('#body').fill('The first hand.');
  await page.getByRole('button', { name: 'Save the lesson' }).click();
  await expect(page.getByText('Saved.', { exact: true })).toBeVisible();
  await second.locator('#body').fill('The second hand.');
  await second.getByRole('button', { name: 'Save the lesson' }).click();
  await expect(second.getByTestId('other-version')).toBeVisible();
  await expect(second.locator('#other-body')).toHaveValue(/The first hand\./);
  await expect(second.locator('#body')).toHaveValue(/The second hand\./);
  await second.getByRole('button', { name: 'Save mine over it' }).click();
  await expect(second.getByText('Saved.', { exact: true })).toBeVisible();
});

test('an image goes into the text, and what is no image or too large is refused', async ({ page, wallet, complaints }) => {
  const teacher = new Teacher(page);
  await draft(teacher, 'With Pictures', wallet.account.address);
  await teacher.editLesson('The first steps');
  const file = page.getByLabel('Image file');
  const insert = page.getByRole('button', { name: 'Insert into the text' });

  await file.setInputFiles({ name: 'loaf.png', mimeType: 'image/png', buffer: png() });
  await insert.click();
  await expect(page.getByTestId('image-status')).toContainText('loaf.png is in the text');
  await expect(page.locator('#body')).toHaveValue(/!\[loaf\]\(\/media\//);
  await expect(page.getByTestId('preview').getByRole('img', { name: 'loaf' })).toBeVisible();

  // The editor uploads without leaving the page; the site's no to the file.
  complaints.expect(/status of 4(13|22) .*\/studio\/courses\/[0-9a-f-]+\/files\)$/);
  await file.setInputFiles({ name: 'notes.png', mimeType: 'image/png', buffer: Buffer.from('no image at all') });
  await insert.click();
  await expect(page.getByTestId('image-error')).toContainText('PNG');

  await file.setInputFiles({ name: 'huge.png', mimeType: 'image/png', buffer: Buffer.concat([png(), Buffer.alloc(9_000_000)]) });
  await insert.click();
  await expect(page.getByTestId('image-error')).toContainText('larger than');

  page.once('dialog', (dialog) => dialog.accept());
  await teacher.go('/files');
  await expect(page.getByTestId('files')).toContainText('loaf.png');
  await page.getByRole('button', { name: /Set as cover/ }).click();
  await expect(page.getByText('The cover is changed')).toBeVisible();
  const upload = page.getByTestId('upload-form');
  await upload.getByLabel('Image file').setInputFiles({ name: 'a.svg', mimeType: 'image/svg+xml', buffer: Buffer.from('<svg/>') });
  await upload.getByRole('button', { name: 'Upload' }).click();
  await expect(page.locator('#file-error').or(page.getByRole('alert')).first()).toBeVisible();
});

test('a course is withdrawn from sale and stays with those who have it', async ({ page, browser, wallet, world, someone }) => {
  const teacher = new Teacher(page);
  await draft(teacher, 'Here Today', wallet.account.address);
  await teacher.addTier('Everyone', '0');
  await teacher.go('/publish');
  await page.getByTestId('publish-form').getByRole('button').click();
  await expect(page.getByText('The course is in the catalogue')).toBeVisible();

  const elsewhere = await browser.newContext({ baseURL: world.url });
  await signInAs(elsewhere, world, someone());
  const reader = new Learner(await elsewhere.newPage());
  await visit(reader.page, `/courses/${teacher.slug}`);
  await reader.page.getByRole('button', { name: 'Enrol for free' }).click();
  await reader.page.waitForURL('**/lessons/**');

  await fold(page, 'Withdraw from sale').click();
  await page.getByRole('button', { name: 'Yes, withdraw it' }).click();
  await expect(page.getByText('The course is no longer for sale')).toBeVisible();
  expect(await reader.canRead(teacher.slug, 'the-first-steps')).toBe(true);
  const stranger = await browser.newContext({ baseURL: world.url });
  expect((await stranger.request.get(`/courses/${teacher.slug}`)).status()).toBe(404);
  expect(await (await stranger.request.get('/?q=Here+Today')).text()).not.toContain(`/courses/${teacher.slug}"`);
  await stranger.close();
  await elsewhere.close();
});
