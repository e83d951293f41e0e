import { createHmac } from 'node:crypto';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

import { account } from '../fixtures/chain.ts';
import { Learner, visit } from '../fixtures/learner.ts';
import { expect, signInAs, test } from '../fixtures/test.ts';

const KEY = Buffer.from('nobody knows this secret of ours');
const TOKEN = 'a token that nobody guesses, ever';

test.afterEach(({ world }) => world.restart());

test('case 30: a program that was down is told of a purchase once an admin says so', async ({ page, browser, wallet, world }) => {
  let down = true;
  const came: Array<{ id: string; type: string; genuine: boolean }> = [];
  const program = createServer((request, response) => {
    const parts: Buffer[] = [];
    request.on('data', (part: Buffer) => parts.push(part));
    request.on('end', () => {
      const body = Buffer.concat(parts).toString();
      const header = (name: string): string => String(request.headers[`webhook-${name}`]);
      const signed = createHmac('sha256', KEY).update(`${header('id')}.${header('timestamp')}.${body}`);
      const genuine = header('signature') === `v1,${signed.digest('base64')}`;
      came.push({ id: header('id'), type: (JSON.parse(body) as { type: string }).type, genuine });
      response.writeHead(down ? 503 : 204).end();
    });
  });
  await new Promise<void>((resolve) => program.listen(0, '127.0.0.1', resolve));
  const { port } = program.address() as AddressInfo;
  await world.restart({
    WEBHOOKS__ENDPOINTS: `[{name="shop",url="http://127.0.0.1:${port}/",secret="whsec_${KEY.toString('base64')}"}]`,
    WEBHOOKS__TOKEN: TOKEN,
  });

  const buyer = new Learner(page);
  await buyer.buy(world.chain);
  expect(wallet.sent).toHaveLength(1);
  await expect.poll(() => came.length).toBeGreaterThan(0);

  const office = await browser.newContext({ baseURL: world.url });
  await signInAs(office, world, account(9));
  const desk = await office.newPage();
  const shop = desk.getByTestId('webhooks').getByRole('row', { name: /^shop/ });
  await visit(desk, '/admin');
  await expect(shop).toContainText('it answered 503');
  down = false;
  await shop.getByRole('button', { name: 'Send again to shop' }).click();
  await expect(desk.getByText('It is told again of everything that it did not take.')).toBeVisible();
  await expect(async () => {
    await desk.reload();
    await expect(shop).toContainText('Takes everything', { timeout: 500 });
  }).toPass();
  const [first] = came;
  expect(first).toMatchObject({ type: 'order.paid', genuine: true });
  expect(came.at(-1)).toEqual(first);

  const url = `${world.url}/api/v1/events?after=0`;
  const answer = await fetch(url, { headers: { authorization: `Bearer ${TOKEN}` } });
  const { events } = (await answer.json()) as { events: Array<{ id: string }> };
  expect(events.map((event) => event.id)).toContain(first?.id);
  expect((await fetch(url)).status).toBe(401);
  await office.close();
  await new Promise((resolve) => program.close(resolve));
});
