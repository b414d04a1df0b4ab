/** The page's accessibility, checked by axe, and its use by touch; on a session without models, so that states are quick. */
import { existsSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import type { Browser, BrowserContextOptions, Locator, Page } from 'playwright-core';
import { test, type Test } from 'tap';
import { packageRoot } from '../../../src/runtime/package-info.js';
import type { FakeEngineOptions } from '../../../src/runtime/fake-engine.js';
import { launchBrowser, noBrowser } from '../../support/browser.js';
import { serveFake, type Served } from '../../support/live-server.js';

const pageDir = join(packageRoot(), 'dist', 'web');
const noPage = existsSync(join(pageDir, 'index.html'))
  ? false
  : 'the page has not been built: npm run build:web';
const skip = noBrowser || noPage;
const axeSource = readFileSync(
  createRequire(import.meta.url).resolve('axe-core/axe.min.js'),
  'utf8',
);
/** Success criteria of WCAG 2.0, 2.1 and 2.2, levels A and AA, as axe names them. */
const WCAG_AA = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa'];
const DESKTOP = { viewport: { width: 1280, height: 800 } };

/** Of the fed frames, px. */
const [WIDTH, HEIGHT] = [32, 24];

async function open(
  t: Test,
  browser: Browser,
  context: BrowserContextOptions,
  engine: FakeEngineOptions = {},
): Promise<{ served: Served; page: Page; canvas: Locator }> {
  const served = await serveFake(t, { pageDir, recordDir: t.testdir() }, engine);
  const opened = await browser.newContext(context);
  t.teardown(() => opened.close());
  const page = await opened.newPage();
  page.setDefaultTimeout(30_000);
  await page.goto(served.server.url);
  await page.locator('.link.up').waitFor();
  served.next();
  const canvas = page.locator('canvas.stage[data-frame-id]');
  await canvas.waitFor();
  return { served, page, canvas };
}

/** Where a point of the frame lies on the page, CSS px. */
async function onPage(canvas: Locator, x: number, y: number): Promise<{ x: number; y: number }> {
  const box = await canvas.boundingBox();
  if (!box) throw new Error('the canvas is not shown');
  const scale = Math.min(box.width / WIDTH, box.height / HEIGHT);
  return {
    x: box.x + (box.width - WIDTH * scale) / 2 + x * scale,
    y: box.y + (box.height - HEIGHT * scale) / 2 + y * scale,
  };
}

/** What axe finds against WCAG AA, a line each. */
async function violations(page: Page): Promise<string[]> {
  // Run by the debugger: the page's own policy lets no foreign script in.
  await page.evaluate(axeSource);
  const found = await page.evaluate(async (tags) => {
    interface Result {
      violations: { id: string; nodes: { html: string; failureSummary?: string }[] }[];
    }
    const { axe } = globalThis as unknown as {
      axe: { run(options: object): Promise<Result> };
    };
    const { violations: list } = await axe.run({ runOnly: { type: 'tag', values: tags } });
    return list.flatMap(({ id, nodes }) =>
      nodes.map(({ html, failureSummary }) => `${id}: ${html} ${failureSummary ?? ''}`),
    );
  }, WCAG_AA);
  return found;
}

test('the page meets WCAG AA in every state', { skip, timeout: 120_000 }, async (t) => {
  const browser = await launchBrowser();
  t.teardown(() => browser.close());
  for (const size of [DESKTOP, { viewport: { width: 820, height: 1180 }, hasTouch: true }]) {
    const name = `${size.viewport.width} px`;
    const { served, page, canvas } = await open(t, browser, size);
    const check = async (state: string): Promise<void> =>
      void t.same(await violations(page), [], `${state}, ${name}`);
    await check('nothing followed');
    const at = await onPage(canvas, 16, 12);
    await page.mouse.click(at.x, at.y);
    await page.locator('[data-object-id="1"][data-status="tracking"]').waitFor();
    served.next();
    await page.locator('canvas[data-frame-id="1"]').waitFor();
    await check('live');
    await page.getByRole('button', { name: /^Name/ }).click();
    await check('naming an object');
    await page.getByRole('button', { name: 'Save' }).click();
    await page.getByRole('button', { name: 'Freeze' }).click();
    await page.getByRole('slider').waitFor();
    await check('frozen');
    await page.keyboard.press('?');
    await page.getByRole('dialog').waitFor();
    await check('help');
    await page.keyboard.press('Escape');
    await page.getByRole('dialog').waitFor({ state: 'detached' });
    await served.session.close();
    await served.server.close();
    await page.getByText(/connection lost/).waitFor();
    await check('connection lost');
  }

  const asking = await open(t, browser, DESKTOP, { quality: 0.6 });
  const at = await onPage(asking.canvas, 16, 12);
  await asking.page.mouse.click(at.x, at.y);
  await asking.page.locator('[data-object-id="1"]').waitFor();
  asking.served.next();
  await asking.page.locator('[data-object-id="1"][data-status="ask"]').waitFor();
  await asking.page.locator('.ask-banner').waitFor();
  t.same(await violations(asking.page), [], 'ask');
});

test('axe would see a poor contrast', { skip, timeout: 60_000 }, async (t) => {
  const browser = await launchBrowser();
  t.teardown(() => browser.close());
  const { page } = await open(t, browser, DESKTOP);
  await page.locator('footer').evaluate((element) => {
    (element as unknown as { style: { color: string } }).style.color = '#223344';
  });
  t.match((await violations(page)).join(), /^color-contrast/);
});

for (const viewport of [
  { width: 1024, height: 768 },
  { width: 820, height: 1180 },
]) {
  const name = `${viewport.width} × ${viewport.height}`;
  test(`by touch alone, on a tablet of ${name} px`, { skip, timeout: 90_000 }, async (t) => {
    const browser = await launchBrowser();
    t.teardown(() => browser.close());
    const { served, page, canvas } = await open(t, browser, { viewport, hasTouch: true });
    const tap = async (x: number, y: number): Promise<void> => {
      const at = await onPage(canvas, x, y);
      await page.touchscreen.tap(at.x, at.y);
    };
    /** On a busy machine a tap becomes a long press, which presses no button, and is tried again. */
    const press = async (button: string, outcome: Locator): Promise<void> => {
      for (let attempt = 1; attempt <= 5 && !(await outcome.isVisible()); attempt += 1) {
        await page.getByRole('button', { name: button }).tap();
        await outcome.waitFor({ timeout: 3000 }).catch(() => undefined);
      }
      await outcome.waitFor();
    };
    const shows = async (objects: number): Promise<void> =>
      canvas.and(page.locator(`[data-objects="${objects}"]`)).waitFor();
    const areas = () => canvas.getAttribute('data-areas');

    await tap(10, 10);
    await shows(1);
    const first = await areas();
    // Background without a mouse: the switch, then a tap beside the middle of the disc.
    await press('not part', page.locator('button[aria-pressed="true"]:has-text("not part")'));
    await tap(12, 10);
    await page.locator(`canvas.stage:not([data-areas="${first}"])`).waitFor();
    t.ok(Number(await areas()) < Number(first), 'a background tap takes away');
    await press('Undo', page.locator(`canvas.stage[data-areas="${first}"]`));
    await press('+ part', page.locator('button[aria-pressed="true"]:has-text("+ part")'));

    // A box: a finger drawn over the picture, which must not scroll the page.
    await press('Start another object', page.getByText('Next click starts another object'));
    const [from, to] = [await onPage(canvas, 18, 12), await onPage(canvas, 28, 20)];
    const devtools = await page.context().newCDPSession(page);
    const touch = (type: string, points: { x: number; y: number }[]) =>
      devtools.send('Input.dispatchTouchEvent', {
        type: type as 'touchStart',
        touchPoints: points,
      });
    await touch('touchStart', [from]);
    for (const share of [0.25, 0.5, 0.75, 1]) {
      const x = from.x + share * (to.x - from.x);
      await touch('touchMove', [{ x, y: from.y + share * (to.y - from.y) }]);
    }
    await touch('touchEnd', []);
    await shows(2);
    const box = (await areas())?.split(' ').map(Number) ?? [];
    t.ok(Math.abs(box[1] - 10 * 8 * 0.25) < 5, `the box holds ${box[1]} mm²`);
    t.equal(await page.evaluate('scrollY'), 0);

    served.next();
    await page.locator('canvas[data-frame-id="1"]').waitFor();
    const slider = page.getByRole('slider');
    await press('Freeze', slider);
    const track = await slider.boundingBox();
    const bar = await page.getByRole('toolbar').boundingBox();
    t.ok((bar?.height ?? 999) < 110, 'the slider, and one row of buttons');
    if (!track) throw new Error('the slider is not shown');
    await page.touchscreen.tap(track.x + 4, track.y + track.height / 2);
    await page.locator('canvas[data-frame-id="0"]').waitFor();
    // Live, or idle already: no more frames come.
    await press('Go live', page.locator('.layout:not([data-state="frozen"])'));

    const sizes = await page
      .locator('a:visible, button:visible, input:visible, canvas:visible')
      .evaluateAll((elements) =>
        (
          elements as unknown as {
            getBoundingClientRect(): { width: number; height: number };
            outerHTML: string;
          }[]
        ).map((element) => {
          const { width, height } = element.getBoundingClientRect();
          return { least: Math.min(width, height), html: element.outerHTML.slice(0, 80) };
        }),
      );
    t.ok(sizes.length >= 10);
    t.same(
      sizes.filter(({ least }) => least < 44),
      [],
      'every target has 44 px',
    );
    const [wide, inner] = await page.evaluate<[number, number]>(
      '[document.documentElement.scrollWidth, innerWidth]',
    );
    t.ok(wide <= inner, `no horizontal scroll: ${wide} of ${inner} px`);
  });
}
