import type { Browser, BrowserContext, Page } from '@playwright/test';

import { RUST, alive } from '../fixtures/learner.ts';
import { everyPlace, order, pay, personIn } from '../fixtures/sitemap.ts';
import { expect, test } from '../fixtures/test.ts';
import type { World } from '../fixtures/world.ts';

/** What a person finds on a page: its words, and what can be followed, pressed or filled in. */
interface View {
  words: string[];
  things: string[];
  /** The elements of each island: hydrating others than the server wrote puts attributes into the wrong places. */
  islands: string[];
}

/** A page as the server wrote it, without JavaScript, and as it is once it lives; each with its source. */
interface Seen {
  written: View;
  alive: View;
  sources: string[];
}

/** What the two need not have in common. */
const APART = [
  // Says what does not work without JavaScript.
  'noscript',
  // Wallets are found by asking the browser: without JavaScript it looks for them for ever.
  '.picker',
  // Copying goes through the clipboard's interface, so its buttons come with JavaScript.
  '.copy-button',
  // Repeats the step's message, which is compared; it comes with JavaScript, for only changes are read out.
  '[data-part=spoken]',
  // When the server looked at the chain last, which it does all the time.
  '[data-testid=chain-health] time',
  // And how quickly it answered.
  '[data-testid=chain-health] td',
].join();

/** Reads what is there, and takes parts of the page away on the way. */
function read(page: Page): Promise<View> {
  return page.evaluate((apart) => {
    const fold = (text: string | null) => (text ?? '').replace(/\s+/g, ' ').trim();
    document.querySelectorAll(apart).forEach((part) => part.remove());
    // How long ago something was depends on when the page was asked for; when it was does not.
    for (const time of document.querySelectorAll('time')) time.textContent = time.dateTime;
    const roots = [...document.querySelectorAll<HTMLElement>('body > header, main, body > footer')];
    const kinds = 'a[href], button, form, input, select, textarea, [data-state]';
    const said = (thing: Element) => thing.getAttribute('aria-label') ?? fold(thing.textContent);
    const told = (thing: Element) => {
      if (thing instanceof HTMLAnchorElement) return `link “${said(thing)}” to ${thing.getAttribute('href')}`;
      if (thing instanceof HTMLFormElement) return `form that ${thing.method}s to ${thing.getAttribute('action')}`;
      if (thing instanceof HTMLButtonElement) {
        return `button “${said(thing)}” ${thing.name}=${thing.value}${thing.disabled ? ', disabled' : ''}`;
      }
      if (thing instanceof HTMLInputElement && /^(radio|checkbox)$/.test(thing.type)) {
        return `${thing.type} ${thing.name}=${thing.value}${thing.checked ? ', chosen' : ''}`;
      }
      if ('value' in thing) return `field ${thing.getAttribute('name')}=${thing.value}`;
      return `state ${thing.getAttribute('data-state')}`;
    };
    const bare = (island: Element) => {
      const copy = island.cloneNode(true) as Element;
      for (const part of copy.querySelectorAll('*')) {
        // How an island finds its own place; and what is the same as leaving it out.
        part.removeAttribute('data-taken');
        if (part.getAttribute('aria-busy') === 'false') part.removeAttribute('aria-busy');
      }
      return copy.innerHTML.replace(/<!--.*?-->/g, '');
    };
    return {
      words: roots.flatMap((root) => root.innerText.split('\n').map(fold)).filter((line) => line !== ''),
      things: roots.flatMap((root) => [...root.querySelectorAll(kinds)].map(told)),
      islands: [...document.querySelectorAll('leptos-island')].map(bare),
    };
  }, APART);
}

/** One session, twice: in a page without JavaScript and in one with it. */
class Both {
  private constructor(
    private readonly plain: Page,
    private readonly living: Page,
  ) {}

  static async of(browser: Browser, context: BrowserContext, world: World): Promise<Both> {
    const { cookies } = await context.storageState();
    const without = { baseURL: world.url, storageState: { cookies, origins: [] }, javaScriptEnabled: false };
    const living = await context.newPage();
    // Keeps hold of what the server wrote into the parts that an island draws.
    await living.addInitScript(() => {
      document.addEventListener('readystatechange', () => {
        if (document.readyState !== 'interactive') return;
        const parts = [...document.querySelectorAll('[data-part=facts], [data-part=body]')];
        Object.assign(window, { served: parts.map((part) => part.firstChild) });
      });
    });
    return new Both(await (await browser.newContext(without)).newPage(), living);
  }

  /** Both show the same; with `asking`, also once the order's page has asked the server how things stand. */
  async agree(path: string, { name = path, asking = false } = {}): Promise<Seen> {
    const answer = await this.plain.goto(path);
    await this.living.goto(path);
    await alive(this.living);
    // Only what an island has drawn over is its own.
    await this.living.waitForFunction(() => {
      const { served } = window as unknown as { served: (ChildNode | null)[] };
      return served.every((node) => node && !node.isConnected);
    });
    // Once it asks again, what was answered before is drawn.
    for (let times = asking ? 2 : 0; times > 0; times -= 1) await this.living.waitForRequest('**/api/fn/order');
    const sources = [(await answer?.text()) ?? '', await this.living.content()];
    const seen = { written: await read(this.plain), alive: await read(this.living), sources };
    expect(seen.written.words, name).not.toEqual([]);
    expect.soft(seen.alive, `${name}: alive, and as the server wrote it`).toEqual(seen.written);
    return seen;
  }

  /** The lesson's own text, in pieces that stand in a page's source as they are. */
  async lesson(path: string): Promise<string[]> {
    await this.plain.goto(path);
    return this.plain.locator('.prose-lesson').evaluate((prose) => {
      const walker = document.createTreeWalker(prose, NodeFilter.SHOW_TEXT);
      const pieces: string[] = [];
      // HTML may write these letters in more than one way.
      while (walker.nextNode()) pieces.push(...(walker.currentNode.textContent ?? '').split(/[&<>"'\u00a0]/));
      return pieces.map((piece) => piece.replace(/\s+/g, ' ').trim()).filter((piece) => piece.length >= 25);
    });
  }

  async close(): Promise<void> {
    await this.plain.context().close();
    await this.living.context().close();
  }
}

/** Each of the two has these words, and these things. */
function has(seen: Seen, words: string[], things: RegExp[] = []): void {
  for (const view of [seen.written, seen.alive]) {
    for (const word of words) expect(view.words.join(' ')).toContain(word);
    for (const thing of things) expect(view.things).toContainEqual(expect.stringMatching(thing));
  }
}

const folded = (source: string): string => source.replace(/\s+/g, ' ');

/** Waits until the server itself says so of an order. */
async function stands(context: BrowserContext, world: World, path: string, state: string): Promise<void> {
  const html = async () => (await context.request.get(`${world.url}${path}`)).text();
  await expect.poll(html, { timeout: 20_000 }).toContain(`data-state="${state}"`);
}

test('case 31: what the server writes and what lives in the browser agree, on every page', async ({
  browser,
  world,
  someone,
}) => {
  test.setTimeout(300_000);
  const places = await everyPlace(browser, world, someone);
  // No further block is mined, so that nothing moves while it is compared.
  for (const { name, path, context } of places) {
    if (name === 'order-paid') await stands(context, world, path, 'paid');
    if (name === 'order-refund') await stands(context, world, path.replace('/refund', ''), 'paid');
  }
  const sessions = new Map<BrowserContext, Both>();
  for (const { name, path, context } of places) {
    const both = sessions.get(context) ?? (await Both.of(browser, context, world));
    sessions.set(context, both);
    await both.agree(path, { name });
  }
  for (const both of sessions.values()) await both.close();
});

test('case 31: access, price and state are the same in both, and nothing of a locked lesson is in either', async ({
  browser,
  world,
  someone,
}) => {
  test.setTimeout(180_000);
  const course = `/courses/${RUST.slug}`;
  const lesson = `${course}/lessons/${RUST.locked}`;
  const locked = ['This lesson is part of the full course', `for ${RUST.price} ETH, paid once`];
  const buyer = await personIn(browser, world, someone());
  const mine = await Both.of(browser, buyer, world);
  const closed: Seen[] = [];
  const isClosed = async (both: Both, words = locked) => {
    const seen = await both.agree(lesson);
    has(seen, words);
    closed.push(seen);
  };

  await isClosed(mine);
  const offered = await mine.agree(course);
  has(offered, [`${RUST.price} ETH`], [new RegExp(`^button “Buy for ${RUST.price} ETH”`)]);
  closed.push(offered);

  const bought = await order(buyer, world, RUST.slug);
  has(await mine.agree(bought, { asking: true }), [`${RUST.price} ETH`, 'Choose the wallet to pay with'], [/^state open$/]);
  has(await mine.agree('/orders'), ['Waiting for payment', `${RUST.price} ETH`], [/^link “Pay: /]);
  await isClosed(mine);

  await pay(buyer, world, bought);
  has(await mine.agree(bought, { asking: true }), [`${RUST.price} ETH`, 'Payment sent.'], [/^state submitted$/]);
  has(await mine.agree('/orders'), ['Payment sent']);
  await isClosed(mine);
  await world.chain.mine();
  await stands(buyer, world, bought, 'confirming');
  has(await mine.agree(bought, { asking: true }), ['1 of 2 confirmations'], [/^state confirming$/]);
  has(await mine.agree('/orders'), ['Being confirmed']);
  await isClosed(mine);

  await world.chain.mine();
  await stands(buyer, world, bought, 'paid');
  const start = new RegExp(`^link “Start the first lesson” to ${course}/lessons/`);
  has(await mine.agree(bought, { asking: true }), [`${RUST.price} ETH`, 'the course is open'], [/^state paid$/, start]);
  has(await mine.agree('/orders'), ['Paid', `${RUST.price} ETH`], [/^link “Receipt: /]);
  has(await mine.agree(course), ['Start reading']);
  const opened = await mine.agree(lesson);
  const text = await mine.lesson(lesson);
  // The same pieces must be found where they may be, or it would mean nothing not to find them elsewhere.
  expect(text.length).toBeGreaterThan(10);
  for (const source of opened.sources.map(folded)) {
    for (const piece of text) expect(source).toContain(piece);
  }
  has(opened, text.slice(0, 3));

  const stranger = await Both.of(browser, await personIn(browser, world, someone()), world);
  const visitor = await Both.of(browser, await browser.newContext({ baseURL: world.url }), world);
  for (const both of [stranger, visitor]) {
    await isClosed(both);
    for (const path of ['/', `/?q=${RUST.slug}`, course]) closed.push(await both.agree(path));
  }
  for (const source of closed.flatMap(({ sources }) => sources).map(folded)) {
    for (const piece of text) expect(source).not.toContain(piece);
  }
  for (const both of [mine, stranger, visitor]) await both.close();
});
