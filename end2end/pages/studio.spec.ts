import { account } from '../fixtures/chain.ts';
import { RUST } from '../fixtures/learner.ts';
import { png } from '../fixtures/teacher.ts';
import { expect, signInAs, test } from '../fixtures/test.ts';

test.beforeEach(async ({ context, world }) => {
  await signInAs(context, world, account(1));
});

test('a free course is made, written, priced and published with forms alone', async ({ page }, info) => {
  const title = `Forms alone (${info.project.name})`;
  await page.goto('/studio/new');
  await page.getByLabel('Title').fill(title);
  await page.getByLabel('Promise').fill('It works everywhere.');
  await page.getByRole('button', { name: 'Create the draft' }).click();
  await expect(page.getByText('The draft is there.')).toBeVisible();
  const course = new URL(page.url()).pathname;

  await page.getByTestId('add-module').getByLabel('New module').fill('First');
  await page.getByRole('button', { name: 'Add module' }).click();
  const lesson = page.getByTestId('add-lesson').first();
  for (const name of ['One', 'Two']) {
    await lesson.getByLabel(/New lesson/).fill(name);
    await lesson.getByRole('button', { name: 'Add lesson' }).click();
    await expect(page.getByTestId('outline').getByRole('link', { name, exact: true })).toBeVisible();
  }
  await page.getByRole('button', { name: 'Up: Two' }).click();
  await expect(page.locator('[data-lesson]').first()).toHaveAttribute('data-name', 'Two');

  await page.getByTestId('outline').getByRole('link', { name: 'One', exact: true }).click();
  await page.locator('#body').fill('# Hello\n\nSome **bold** words.');
  await page.getByRole('button', { name: 'Preview', exact: true }).click();
  await expect(page.getByText('Nothing is saved yet')).toBeVisible();
  await expect(page.getByTestId('preview').locator('strong')).toHaveText('bold');
  await expect(page.locator('#body')).toHaveValue(/Some \*\*bold\*\* words\./);
  await page.getByLabel('Image file').setInputFiles({ name: 'dot.png', mimeType: 'image/png', buffer: png() });
  await page.getByRole('button', { name: 'Insert into the text' }).click();
  await expect(page.locator('#body')).toHaveValue(/!\[dot\]\(\/media\//);
  await page.getByRole('button', { name: 'Save the lesson' }).click();
  await expect(page.getByText('Saved.', { exact: true })).toBeVisible();

  await page.goto(`${course}/tiers`);
  const tier = page.getByTestId('new-tier');
  await tier.getByLabel('Name').fill('Everyone');
  await tier.getByLabel('Price').fill('minus one');
  await tier.getByRole('button', { name: 'Add the tier' }).click();
  await expect(page.getByRole('alert')).toBeVisible();
  await expect(tier.getByLabel('Name')).toHaveValue('Everyone');
  await expect(tier.getByLabel('Price')).toHaveAttribute('aria-invalid', 'true');
  await tier.getByLabel('Price').fill('0');
  await tier.getByRole('button', { name: 'Add the tier' }).click();
  await expect(page.getByText('The tier is there.')).toBeVisible();

  await page.goto(`${course}/publish`);
  await page.getByTestId('publish-form').getByRole('button', { name: 'Publish the course' }).click();
  await expect(page.getByText('The course is in the catalogue.')).toBeVisible();
  await page.goto(`/?q=${encodeURIComponent('Forms alone')}`);
  await expect(page.getByRole('link', { name: title })).toBeVisible();
});

test('files are uploaded, chosen as cover, and refused when they are no images', async ({ page }) => {
  await page.goto('/studio');
  await page.getByTestId('studio-courses').getByRole('link', { name: RUST.title }).click();
  await page.getByRole('link', { name: 'Files', exact: true }).click();
  await expect(page.getByTestId('files').getByRole('listitem').first()).toBeVisible();
  const form = page.getByTestId('upload-form');
  await form.getByRole('button', { name: 'Upload' }).click();
  await expect(page.getByText('Choose a file first.').first()).toBeVisible();
  await form.getByLabel('Image file').setInputFiles({ name: 'x.png', mimeType: 'image/png', buffer: Buffer.from('<html>') });
  await form.getByRole('button', { name: 'Upload' }).click();
  await expect(page.locator('#file-error')).toBeVisible();
  const huge = Buffer.concat([png(), Buffer.alloc(5_600_000)]);
  await form.getByLabel('Image file').setInputFiles({ name: 'huge.png', mimeType: 'image/png', buffer: huge });
  await form.getByRole('button', { name: 'Upload' }).click();
  await expect(page.getByText(/larger than|too large/).first()).toBeVisible();
});

test('what was sold and who learns is there to read', async ({ page }) => {
  await page.goto('/studio');
  await page.getByTestId('studio-courses').getByRole('link', { name: RUST.title }).click();
  await page.getByRole('link', { name: 'Sales', exact: true }).click();
  await expect(page.getByTestId('sales-totals')).toContainText('Earned in all');
  await page.getByRole('link', { name: 'Learners', exact: true }).click();
  await expect(page.getByRole('heading', { name: 'Learners' })).toBeVisible();
  await page.getByRole('link', { name: 'Publish', exact: true }).click();
  await expect(page.getByText('The chain sells every tier at the price that the page shows')).toBeVisible();
  await page.goto('/studio/payout');
  await expect(page.getByTestId('owed')).toBeVisible();
});
