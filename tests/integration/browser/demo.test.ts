/** The page in a real browser: click, mask, freeze, scroll, correct, undo, reconnect. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { Page } from 'playwright-core';
import { test, type Test } from 'tap';
import { WebSocket } from 'ws';
import { Phantom, PHANTOM_LABELS } from '../../../src/io/sources/index.js';
import { packageRoot } from '../../../src/runtime/package-info.js';
import { decodeServerMessage } from '../../../src/wire/codec.js';
import type { LiveFrame } from '../../../src/wire/messages.js';
import { launchBrowser, noBrowser, pressUntil } from '../../support/browser.js';
import { serve } from '../../support/cli.js';
import { centreOf } from '../../support/phantom.js';
import { modelsDir, skipOf } from '../engines.js';

const noPage = existsSync(join(packageRoot(), 'dist', 'web', 'index.html'))
  ? false
  : 'the page has not been built: npm run build:web';
const skip = noBrowser || noPage || skipOf('onnxruntime-node');
const [WIDTH, HEIGHT, RATE] = [480, 360, 2];
const SOURCE = `phantom:?seed=3&width=${WIDTH}&height=${HEIGHT}&fps=${RATE}`;
const phantom = new Phantom({ seed: 3, widthPx: WIDTH, heightPx: HEIGHT, frameRateHz: RATE });
/** Of the phantom's frames, whose beat repeats within them. */
const FRAMES = 24;
/** The page's mask and the phantom's truth, as areas. */
const AREA_TOLERANCE = 0.05;

const chamberPx = (frameId: number): number =>
  phantom.truth(frameId).filter((label) => label === PHANTOM_LABELS.chamber).length;

const startServe = () => serve('--models-dir', modelsDir, '--source', SOURCE, '--budget', '20000');

/** A served phantom and a page that has not gone there yet; both end with the test. */
async function openDemo(t: Test) {
  const live = await startServe();
  t.teardown(() => live.stop('SIGKILL'));
  const browser = await launchBrowser();
  t.teardown(() => browser.close());
  const page = await browser.newPage({ viewport: { width: 1280, height: 800 } });
  page.setDefaultTimeout(60_000);
  return { live, browser, page };
}

const canvasOf = (page: Page) => page.locator('canvas.stage[data-frame-id]');

/** Where a point of the frame lies in the canvas, CSS px. */
async function inCanvas(page: Page, { x, y }: { x: number; y: number }) {
  const box = await canvasOf(page).boundingBox();
  if (!box) throw new Error('the canvas is not shown');
  const scale = Math.min(box.width / WIDTH, box.height / HEIGHT);
  return {
    x: (box.width - WIDTH * scale) / 2 + x * scale,
    y: (box.height - HEIGHT * scale) / 2 + y * scale,
  };
}

interface Shown {
  frameId: number;
  objects: number;
  areas: number[];
}

/** What is on the screen: all of it is read in one go. */
const shown = (page: Page): Promise<Shown> =>
  canvasOf(page).evaluate((element) => {
    const { frameId, objects, areas } = (element as unknown as { dataset: Record<string, string> })
      .dataset;
    return {
      frameId: Number(frameId),
      objects: Number(objects),
      areas: areas === '' ? [] : areas.split(' ').map(Number),
    };
  });

test(
  'click, mask on its own frame, area, freeze, scroll, correct, undo',
  { skip, timeout: 240_000 },
  async (t) => {
    const { live, page } = await openDemo(t);
    const problems: string[] = [];
    page.on('pageerror', (error) => problems.push(error.message));
    page.on('console', (message) => {
      if (message.type() === 'error') problems.push(message.text());
    });
    /** By id, every version of a frame that came: a prompt changes the objects of one that is there. */
    const received = new Map<number, LiveFrame[]>();
    page.on('websocket', (socket) => {
      socket.on('framereceived', ({ payload }) => {
        if (typeof payload === 'string') return;
        const message = decodeServerMessage(payload);
        if (message.type !== 'frame') return;
        const { frame } = message;
        received.set(frame.id, [...(received.get(frame.id) ?? []), frame]);
      });
    });
    /** What is drawn is what came with that very frame. */
    const isOwn = ({ frameId, areas }: Shown): boolean =>
      (received.get(frameId) ?? []).some(({ objects }) => {
        const own = objects.filter(({ areaPx }) => areaPx > 0).map(({ areaMm2 }) => areaMm2);
        return JSON.stringify(own) === JSON.stringify(areas);
      });

    await page.goto(live.url);
    const canvas = canvasOf(page);
    await canvas.waitFor();
    t.match(await page.locator('footer').textContent(), /Not for diagnostic use/);
    // Contracted, the chamber has half its area, and the same error along its border counts twice: the click waits until it is
    // wide, and lands on that frame.
    const widePx = 0.8 * Math.max(...Array.from({ length: FRAMES }, (_, id) => chamberPx(id)));
    let { frameId } = await shown(page);
    while (chamberPx(frameId) < widePx) {
      await page.locator(`canvas.stage:not([data-frame-id="${frameId}"])`).waitFor();
      ({ frameId } = await shown(page));
    }
    await canvas.click({
      position: await inCanvas(page, centreOf(phantom, frameId, PHANTOM_LABELS.chamber)),
    });
    await page.locator('canvas[data-objects="1"]').waitFor();
    t.match(
      await page.locator('[data-object-id="1"]').textContent(),
      /Object 1.*\d+(\.\d)? (mm²|cm²)/,
    );

    const areaError = (frameId: number, mm2: number): number => {
      const { x, y } = phantom.spacingMm;
      return Math.abs(mm2 / (chamberPx(frameId) * x * y) - 1);
    };
    const masked = [...received.values()].flat().filter(({ objects }) => objects.length > 0);
    const clicked = masked.reduce((a, b) => (b.id < a.id ? b : a));
    const error = areaError(clicked.id, clicked.objects[0].areaMm2 ?? 0);
    t.ok(error < AREA_TOLERANCE, `area error ${error.toFixed(3)} on the frame clicked on`);

    const seen = new Set<number>();
    while (seen.size < 6) {
      const now = await shown(page);
      if (seen.has(now.frameId)) {
        await page.locator(`canvas.stage:not([data-frame-id="${now.frameId}"])`).waitFor();
        continue;
      }
      seen.add(now.frameId);
      t.ok(isOwn(now), `frame ${now.frameId} shows its own masks`);
      // on contracted frames too
      const tracked = areaError(now.frameId, now.areas[0] ?? 0);
      t.ok(tracked < 2 * AREA_TOLERANCE, `area error ${tracked.toFixed(3)}`);
    }

    await page.keyboard.press(' ');
    await page.locator('[data-state="frozen"]').waitFor();
    const slider = page.getByRole('slider');
    const firstMasked = [...seen][1];
    await slider.fill(String(firstMasked));
    await page.locator(`canvas[data-frame-id="${firstMasked}"][data-objects="1"]`).waitFor();
    const before = await shown(page);
    t.ok(isOwn(before), 'the frame scrolled to shows its own masks');

    // Another structure, marked on the frozen frame, and taken back.
    await page.keyboard.press('n');
    await canvas.click({
      position: await inCanvas(page, centreOf(phantom, firstMasked, PHANTOM_LABELS.cyst)),
    });
    await page.locator(`canvas[data-frame-id="${firstMasked}"][data-objects="2"]`).waitFor();
    t.ok(isOwn(await shown(page)));
    await page.keyboard.press('u');
    await page.locator(`canvas[data-frame-id="${firstMasked}"][data-objects="1"]`).waitFor();
    t.same((await shown(page)).areas, before.areas, 'undo gives back what was');
    // A correction: the chamber's rim is not part of it.
    await page.locator('[data-object-id="1"] .object-main').click();
    const centre = centreOf(phantom, firstMasked, PHANTOM_LABELS.chamber);
    await canvas.click({ position: await inCanvas(page, centre), modifiers: ['Shift'] });
    await page.locator(`canvas.stage:not([data-areas="${before.areas.join(' ')}"])`).waitFor();
    t.equal((await shown(page)).frameId, firstMasked, 'corrected on the frame looked at');
    await page.keyboard.press('u');
    await page.locator(`canvas.stage[data-areas="${before.areas.join(' ')}"]`).waitFor();
    await page.keyboard.press(' ');
    await page.locator('[data-state="live"]').waitFor();
    await page
      .locator(`canvas.stage:not([data-frame-id="${firstMasked}"])[data-objects="1"]`)
      .waitFor();

    await page.getByRole('button', { name: 'Remove Object 1' }).click();
    await page.locator('canvas[data-objects="0"]').waitFor();
    t.same(problems, [], 'nothing was refused by the content security policy or thrown');
  },
);

test(
  'the page is used from the keyboard, says when the server goes, and finds the next one',
  { skip, timeout: 180_000 },
  async (t) => {
    const { live, page } = await openDemo(t);
    // A port is not free at once after its server: the page's socket is led to wherever the server is.
    let url = live.url;
    await page.routeWebSocket('**/stream', (route) => {
      const upstream = new WebSocket(`${url.replace('http', 'ws')}/stream`);
      const waiting: (string | Buffer)[] = [];
      route.onMessage((message) => {
        if (upstream.readyState === WebSocket.OPEN) upstream.send(message);
        else waiting.push(message);
      });
      upstream.on('open', () => waiting.splice(0).forEach((message) => upstream.send(message)));
      upstream.on('message', (data: Buffer) => route.send(data));
      upstream.on('close', () => void route.close());
      upstream.on('error', () => undefined);
      route.onClose(() => upstream.close());
    });
    await page.goto(live.url);
    const canvas = canvasOf(page);
    await canvas.waitFor();
    await page.keyboard.press('?');
    t.match(await page.getByRole('dialog').textContent(), /Space.*freeze/);
    await page.keyboard.press('Escape');
    await page.getByRole('dialog').waitFor({ state: 'detached' });
    await page.locator('canvas.stage[data-frame-id]').waitFor(); // keys mark what is shown
    await canvas.focus();
    await page.keyboard.press('ArrowDown');
    await pressUntil(page, 'Enter', page.locator('[data-object-id="1"]'));

    const next = await startServe();
    t.teardown(() => next.stop('SIGKILL'));
    url = next.url;
    await live.stop('SIGKILL');
    await page.getByText(/connection lost, reconnecting/).waitFor();
    await page.locator('.link.up').waitFor();
    await page.locator('canvas[data-objects="0"]').waitFor();
    await page.keyboard.press(' ');
    await page.locator('[data-state="frozen"]').waitFor();
  },
);
