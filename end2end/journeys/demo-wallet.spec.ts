import { Learner, RUST, alive, arrive, signInMessage, visit } from '../fixtures/learner.ts';
import { expect, test } from '../fixtures/test.ts';

test('the demo wallet shows every request, and lets one reject and approve', async ({ page, world }) => {
  const learner = new Learner(page);
  const dialog = page.getByRole('dialog');
  const approve = page.getByTestId('demo-approve');
  const reject = page.getByTestId('demo-reject');

  await visit(page, `/sign-in?next=/courses/${RUST.slug}`);
  const demo = learner.wallet('Demo wallet');
  await demo.click();
  await expect(dialog).toContainText('development only, no real money');
  await expect(dialog.getByRole('heading')).toContainText('see your account?');
  await reject.click();
  await expect(signInMessage(page, 'rejected')).toBeVisible();

  await demo.click();
  await approve.click();
  await expect(dialog).toContainText('wants you to sign in with your Ethereum account');
  await expect(dialog).toContainText('costs nothing and moves no money');
  await page.keyboard.press('Escape');
  await expect(signInMessage(page, 'rejected')).toBeVisible();
  await page.getByTestId('sign-again').click();
  await approve.click();
  await arrive(page, `/courses/${RUST.slug}`);

  await learner.openOrder(RUST.slug);
  await learner.pay.click();
  await expect(dialog.getByRole('heading')).toHaveText(`Pay ${RUST.price} ETH?`);
  await expect(dialog).toContainText('Network fee');
  await reject.click();
  await learner.says('rejected');
  await learner.pay.click();
  await approve.click();
  await learner.is('submitted');
  await world.chain.mine(2);
  await learner.is('paid');
  await learner.read();
});

test('the demo wallet’s account can be changed, and the page notices', async ({ page }) => {
  const learner = new Learner(page);
  await visit(page, `/sign-in?next=/courses/${RUST.slug}`);
  await learner.wallet('Demo wallet').click();
  await page.getByTestId('demo-account').selectOption('5');
  await page.getByTestId('demo-approve').click();
  await page.getByTestId('demo-approve').click();
  await arrive(page, `/courses/${RUST.slug}`);
  await alive(page);
  await page.getByRole('button', { name: 'Your account' }).click();
  await expect(page.getByTitle('0x9965507D1a55bcC2695C58ba16FB37d819B0A4dc').first()).toBeVisible();
  await learner.openOrder(RUST.slug);
  await learner.pay.click();
  await page.getByTestId('demo-account').selectOption('6');
  await page.getByTestId('demo-reject').click();
  await expect(page.getByTestId('other-account')).toBeVisible();
});
