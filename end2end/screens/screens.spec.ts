import path from 'node:path';

import { alive } from '../fixtures/learner.ts';
import { everyPlace } from '../fixtures/sitemap.ts';
import { expect, test } from '../fixtures/test.ts';

/** Only pages whose names match, if `LECTERN_SCREENS_OF` says so. */
const WANTED = new RegExp(process.env.LECTERN_SCREENS_OF ?? '');

for (const colorScheme of ['light', 'dark'] as const) {
  test(`pictures of every page, ${colorScheme}`, async ({ browser, world, someone }, info) => {
    const into: string = info.config.metadata.into;
    const places = await everyPlace(browser, world, someone, { colorScheme, reducedMotion: 'reduce' });
    for (const width of [375, 1280]) {
      for (const { name, path: address, context } of places.filter((place) => WANTED.test(place.name))) {
        const page = await context.newPage();
        await page.setViewportSize({ width, height: width === 375 ? 812 : 860 });
        await page.goto(address);
        await alive(page);
        await page.evaluate(() => document.fonts.ready);
        await page.screenshot({ path: path.join(into, `${name}-${width}-${colorScheme}.png`), fullPage: true });
        await page.close();
      }
    }
    expect(places.length).toBeGreaterThan(0);
  });
}
