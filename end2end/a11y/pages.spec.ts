import AxeBuilder from '@axe-core/playwright';
import type { Page } from '@playwright/test';

import { alive, arrive } from '../fixtures/learner.ts';
import { everyPlace, type Place } from '../fixtures/sitemap.ts';
import { expect, test } from '../fixtures/test.ts';

const WIDTHS = [1280, 375];

/** What axe finds, short enough to act on. */
async function violations(page: Page): Promise<string[]> {
  const { violations } = await new AxeBuilder({ page })
    .withTags(['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'])
    .analyze();
  return violations.map(({ id, help, nodes }) => {
    const where = nodes.slice(0, 3).map((node) => `${node.target.join(' ')} (${node.any[0]?.message ?? node.html.slice(0, 120)})`);
    return `${id}: ${help} [${nodes.length}]: ${where.join(' | ')}`;
  });
}

async function each(places: Place[], look: (page: Page, name: string) => Promise<void>): Promise<void> {
  const pages = new Map<Place['context'], Page>();
  for (const { name, path, context } of places) {
    const page = pages.get(context) ?? (await context.newPage());
    pages.set(context, page);
    await page.goto(path);
    await alive(page);
    await look(page, name);
  }
}

for (const colorScheme of ['light', 'dark'] as const) {
  test(`axe finds nothing on any page, ${colorScheme}`, async ({ browser, world, someone }) => {
    test.setTimeout(600_000);
    const places = await everyPlace(browser, world, someone, { colorScheme, reducedMotion: 'reduce' });
    for (const width of WIDTHS) {
      await each(places, async (page, name) => {
        await page.setViewportSize({ width, height: 800 });
        expect.soft(await violations(page), `${name} at ${width} px, ${colorScheme}`).toEqual([]);
      });
    }
    await Promise.all([...new Set(places.map((place) => place.context))].map((context) => context.close()));
  });
}

test('no page moves sideways at 320 px', async ({ browser, world, someone }) => {
  test.setTimeout(300_000);
  const places = await everyPlace(browser, world, someone, { viewport: { width: 320, height: 700 } });
  await each(places, async (page, name) => {
    const width = await page.evaluate(() => document.documentElement.scrollWidth);
    expect.soft(width, `${name} is wider than the window`).toBeLessThanOrEqual(320);
  });
  await Promise.all([...new Set(places.map((place) => place.context))].map((context) => context.close()));
});

test('the page’s own scripts and styles obey its content security policy, and nothing fails to load', async ({
  browser,
  world,
  someone,
}) => {
  test.setTimeout(300_000);
  const places = await everyPlace(browser, world, someone);
  const wrong: string[] = [];
  const watched = new Set(places.map((place) => place.context));
  for (const context of watched) {
    context.on('console', (message) => {
      // Pages that are meant to answer 4xx say so in the console, too.
      if (message.type() === 'error' && !/status of (401|403|404)/.test(message.text())) wrong.push(message.text());
    });
    context.on('weberror', (error) => wrong.push(String(error.error())));
    context.on('response', (response) => {
      const document = response.request().resourceType() === 'document';
      if (!document && response.status() >= 400) wrong.push(`${response.status()} ${response.url()}`);
      if (new URL(response.url()).origin !== world.url) wrong.push(`asks elsewhere: ${response.url()}`);
    });
  }
  await each(places, async () => {});
  expect(wrong).toEqual([]);
  await Promise.all([...watched].map((context) => context.close()));
});

test('everything on the way to paying can be done by keyboard', async ({ page, world, wallet }) => {
  await page.goto('/');
  await page.keyboard.press('Tab');
  await expect(page.getByRole('link', { name: 'Skip to the content' })).toBeFocused();
  await page.keyboard.press('Enter');
  await expect(page.locator('#main')).toBeFocused();

  await page.goto('/sign-in?next=/courses/rust-read-slowly');
  await alive(page);
  await page.getByTestId('wallet-option').filter({ hasText: 'Test wallet' }).focus();
  await page.keyboard.press('Enter');
  await arrive(page, '/courses/rust-read-slowly');
  await page.getByRole('button', { name: /Buy for/ }).focus();
  await page.keyboard.press('Enter');
  await page.waitForURL('**/orders/*');
  await alive(page);
  await page.getByTestId('pay').focus();
  await page.keyboard.press('Enter');
  await expect(page.getByTestId('order-state')).toHaveAttribute('data-state', 'submitted');
  // The button is gone; the focus is where things go on.
  await expect(page.getByRole('heading', { name: /Confirmed on chain/ })).toBeFocused();
  await world.chain.mine(2);
  await expect(page.getByTestId('start')).toBeVisible();
  await page.getByTestId('start').focus();
  await page.keyboard.press('Enter');
  await page.waitForURL('**/lessons/*');
  await alive(page);
  await page.keyboard.press('ArrowRight');
  await page.waitForURL('**/lessons/one-owner-at-a-time');
  expect(wallet.sent).toHaveLength(1);
});
