import { FREE, RUST, TYPE } from '../fixtures/learner.ts';
import { expect, test } from '../fixtures/test.ts';

test('the catalogue is searched and filtered in the address', async ({ page }) => {
  await page.goto('/');
  for (const { title } of [RUST, TYPE, FREE]) await expect(page.getByRole('link', { name: title })).toBeVisible();
  await page.getByLabel('Search courses').fill('setting type');
  await page.getByRole('button', { name: 'Search' }).click();
  await expect(page).toHaveURL(/q=setting/);
  await expect(page.getByRole('link', { name: TYPE.title })).toBeVisible();
  await expect(page.getByRole('link', { name: RUST.title })).toHaveCount(0);

  // Other tests' courses are in the catalogue, too: count only what a search finds.
  await page.getByLabel('Search courses').fill('ethereum transaction');
  await page.getByLabel('Price').selectOption('free');
  await page.getByRole('button', { name: 'Search' }).click();
  await expect(page.getByText('1 course found')).toBeVisible();
  await expect(page.getByRole('link', { name: FREE.title })).toBeVisible();
  await page.getByLabel('Price').selectOption('paid');
  await page.getByRole('button', { name: 'Search' }).click();
  await expect(page.getByText('No course matches that.')).toBeVisible();

  await page.getByLabel('Search courses').fill('nothing like that');
  await page.getByRole('button', { name: 'Search' }).click();
  await expect(page.getByText('No course matches that.')).toBeVisible();
  await page.getByRole('link', { name: 'Show all courses' }).first().click();
  await expect(page.getByRole('link', { name: RUST.title })).toBeVisible();
});

test('a course tells its outline, price and teacher without an account', async ({ page }) => {
  await page.goto(`/courses/${TYPE.slug}`);
  await expect(page.getByRole('heading', { level: 1, name: TYPE.title })).toBeVisible();
  const card = page.getByRole('complementary', { name: 'Enrol' });
  await expect(card).toContainText('0.02 ETH');
  await expect(card).toContainText('120.00 USD');
  await expect(card.getByTestId('about'), 'of the one that is priced in dollars').toHaveText('≈\u00a0about 0.04\u00a0ETH');
  await expect(card.getByRole('radio', { name: '120.00 USD about 0.04 ETH' })).toBeVisible();
  await expect(page.getByText('What you will learn')).toBeVisible();
  await expect(page.getByText('Tomás Verhage').first()).toBeVisible();
  await page.getByText('The letters', { exact: true }).click();
  await expect(page.getByRole('link', { name: 'What a letter is made of' })).toBeVisible();
});

test('a preview is read, a paid lesson is not, and the lesson says how to get it', async ({ page }) => {
  await page.goto(`/courses/${TYPE.slug}`);
  await page.getByRole('link', { name: 'Three numbers' }).click();
  await expect(page.getByRole('heading', { level: 1, name: 'Three numbers' })).toBeVisible();
  await expect(page.getByText('You are reading a free preview')).toBeVisible();
  await page.goto(`/courses/${TYPE.slug}/lessons/${TYPE.locked}`);
  await expect(page.getByText('This lesson is part of the full course')).toBeVisible();
  await expect(page.getByText('0.02 ETH')).toBeVisible();
  await page.getByRole('link', { name: 'See what is included and buy' }).click();
  await expect(page).toHaveURL(new RegExp(`/courses/${TYPE.slug}#buy$`));
});

test('buying asks to sign in first, and leads back', async ({ page }) => {
  await page.goto(`/courses/${RUST.slug}`);
  await page.getByRole('button', { name: /Buy for/ }).click();
  await expect(page).toHaveURL(/\/sign-in\?next=/);
  await expect(page.getByRole('heading', { name: 'Sign in with your wallet' })).toBeVisible();
  await expect(page.getByText('It costs nothing and moves no money').first()).toBeVisible();
});

test('pages for people say who may see them', async ({ page }) => {
  for (const path of ['/orders', '/learning', '/profile', '/studio', '/admin']) {
    const answer = await page.goto(path);
    expect(answer?.status()).toBe(401);
    await expect(page.getByRole('heading', { name: 'Sign in with your wallet' })).toBeVisible();
  }
  const answer = await page.goto('/courses/no-such-course');
  expect(answer?.status()).toBe(404);
  await expect(page.getByRole('heading', { name: 'Not found' })).toBeVisible();
  await page.getByRole('link', { name: 'See all courses' }).click();
  await expect(page.getByRole('link', { name: RUST.title })).toBeVisible();
});

test('the colours are chosen and kept', async ({ page }) => {
  await page.goto('/');
  await page.getByRole('button', { name: 'Dark' }).click();
  await expect(page.locator('html')).toHaveAttribute('data-theme', 'dark');
  await page.goto(`/courses/${RUST.slug}`);
  await expect(page.locator('html')).toHaveAttribute('data-theme', 'dark');
  await page.getByRole('button', { name: 'As the device' }).click();
  await expect(page.locator('html')).not.toHaveAttribute('data-theme', 'dark');
});

test('each page has a title, a description and one heading', async ({ page }) => {
  const seen = new Set<string>();
  for (const path of ['/', `/courses/${RUST.slug}`, `/courses/${RUST.slug}/lessons/${RUST.preview}`, '/sign-in']) {
    await page.goto(path);
    const title = await page.title();
    expect(seen.has(title), title).toBe(false);
    seen.add(title);
    await expect(page.locator('meta[name=description]')).toHaveAttribute('content', /.{20}/);
    await expect(page.getByRole('heading', { level: 1 })).toHaveCount(1);
  }
  await page.goto(`/courses/${RUST.slug}`);
  const data = JSON.parse((await page.locator('script[type="application/ld+json"]').textContent()) ?? '{}');
  expect(data['@type']).toBe('Course');
  await expect(page.locator('meta[property="og:image"]')).toHaveAttribute('content', /\/media\//);
});
