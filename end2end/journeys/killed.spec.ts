import { Learner, RUST } from '../fixtures/learner.ts';
import { expect, test } from '../fixtures/test.ts';

// The points of a purchase at which academy::fault can end the process; the service's tests know more of them.
const WHEN_TOLD = ['submit.before_commit', 'submit.after_commit'];
const WHEN_SEEN = [
  'settle.head_read',
  'settle.chain_read',
  'settle.payment_written',
  'settle.enrollment_written',
  'settle.order_written',
  'settle.after_commit',
  'follow.event_seen',
  'follow.before_cursor',
  'follow.after_commit',
  'jobs.taken',
  'jobs.before_commit',
];

test.describe.configure({ timeout: 90_000 });

test.afterEach(async ({ world }) => {
  // Whatever happened, the next test meets a healthy server.
  await world.restart();
});

for (const point of WHEN_TOLD) {
  test(`killed at ${point}, the course opens after the restart without a click`, async ({ page, wallet, world }) => {
    const learner = new Learner(page);
    await learner.readyToPay();
    await world.restart({ DEV__CRASH_AT: point });
    await learner.pay.click();
    await world.died();
    expect(wallet.sent).toHaveLength(1);
    await world.run();
    await learner.is('submitted', { timeout: 20_000 });
    await world.chain.mine(2);
    await learner.is('paid', { timeout: 20_000 });
    expect(await learner.canRead(RUST.slug, RUST.locked)).toBe(true);
    expect(wallet.sent).toHaveLength(1);
  });
}

for (const point of WHEN_SEEN) {
  test(`killed at ${point}, the course opens after the restart without a click`, async ({ page, wallet, world }) => {
    const learner = new Learner(page);
    await learner.payFor();
    await world.kill();
    await world.chain.mine(2);
    world.launch({ DEV__CRASH_AT: point });
    await world.died();
    await world.run();
    await learner.is('paid', { timeout: 20_000 });
    expect(await learner.canRead(RUST.slug, RUST.locked)).toBe(true);
    expect(wallet.sent).toHaveLength(1);
  });
}

test('killed with -9 right after the wallet’s yes, with the tab closed too', async ({ page, context, wallet, world }) => {
  const learner = new Learner(page);
  await learner.readyToPay();
  const window = wallet.holdNext();
  await learner.pay.click();
  await window.asked;
  await world.kill();
  window.approve();
  await expect.poll(() => wallet.sent.length).toBe(1);
  await page.close();
  await world.chain.mine(2);
  await world.run();
  const reader = new Learner(await context.newPage());
  await expect.poll(() => reader.canRead(RUST.slug, RUST.locked), { timeout: 20_000 }).toBe(true);
});

test('killed while it confirms, it counts on', async ({ page, wallet, world }) => {
  const learner = new Learner(page);
  await learner.payFor();
  await world.chain.mine();
  await learner.is('confirming');
  await world.kill();
  await world.chain.mine();
  await world.run();
  await learner.is('paid', { timeout: 20_000 });
  expect(wallet.sent).toHaveLength(1);
});
