/** The page in a real browser: a click in the phantom's chamber, and the mask that answers it. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { Page, WebSocketRoute } from 'playwright-core';
import { test, type Test } from 'tap';
import { Phantom, PHANTOM_LABELS } from '../../../src/io/sources/index.js';
import { packageRoot } from '../../../src/runtime/package-info.js';
import { launchBrowser, noBrowser } from '../../support/browser.js';
import { serve } from '../../support/cli.js';
import { centreOf } from '../../support/phantom.js';
import { modelsDir, skipOf } from '../engines.js';

const noPage = existsSync(join(packageRoot(), 'dist', 'web', 'index.html'))
  ? false
  : 'the page has not been built: npm run build:web';
const skip = noBrowser || noPage || skipOf('onnxruntime-node');
const [WIDTH, HEIGHT, RATE] = [240, 180, 5];

/** Where a point of the frame lies in the canvas, CSS px. */
async function inCanvas(page: Page, x: number, y: number): Promise<{ x: number; y: number }> {
  const box = await page.locator('canvas').boundingBox();
  if (!box) throw new Error('the canvas is not shown');
  const scale = Math.min(box.width / WIDTH, box.height / HEIGHT);
  return {
    x: (box.width - WIDTH * scale) / 2 + x * scale,
    y: (box.height - HEIGHT * scale) / 2 + y * scale,
  };
}

/** A served phantom and a page that has not gone there yet; both end with the test. */
async function openDemo(t: Test) {
  const source = `phantom:?seed=3&width=${WIDTH}&height=${HEIGHT}&fps=${RATE}`;
  const live = await serve('--models-dir', modelsDir, '--source', source);
  t.teardown(() => live.stop('SIGKILL'));
  const browser = await launchBrowser();
  t.teardown(() => browser.close());
  const page = await browser.newPage({ viewport: { width: 1000, height: 640 } });
  return { live, browser, page };
}

test(
  'a click in the chamber shows a mask with an area, on its own frame',
  { skip, timeout: 120_000 },
  async (t) => {
    const { live, page } = await openDemo(t);
    const problems: string[] = [];
    page.on('pageerror', (error) => problems.push(error.message));
    page.on('console', (message) => {
      if (message.type() === 'error') problems.push(message.text());
    });

    const received = new Map<number, { objects: number; areaPx: number }>();
    page.on('websocket', (socket) => {
      socket.on('framereceived', ({ payload }) => {
        if (typeof payload === 'string') return;
        const length = payload.readUInt32LE(0);
        const header = JSON.parse(payload.subarray(4, 4 + length).toString());
        const [object] = header.objects;
        received.set(header.id, { objects: header.objects.length, areaPx: object?.areaPx ?? 0 });
      });
    });

    await page.goto(live.url);
    const canvas = page.locator('canvas[data-frame-id]');
    await canvas.waitFor();
    t.equal(await canvas.getAttribute('data-objects'), '0');
    t.match(await page.locator('footer').textContent(), /Not for diagnostic use/);

    const phantom = new Phantom({ seed: 3, widthPx: WIDTH, heightPx: HEIGHT, frameRateHz: RATE });
    const chamber = centreOf(phantom, 0, PHANTOM_LABELS.chamber);
    await canvas.click({ position: await inCanvas(page, chamber.x, chamber.y) });
    await page.locator('canvas[data-objects="1"]').waitFor();
    const row = page.locator('[data-object-id="1"]');
    await row.waitFor();
    t.match(await row.textContent(), /Object 1.*\d+(\.\d)? (mm²|cm²)/);

    // What is drawn is what came with that frame, for several frames on end.
    const seen = new Set<number>();
    while (seen.size < 5) {
      const shown = await canvas.evaluate((element) => {
        const { frameId, objects } = (element as unknown as { dataset: Record<string, string> })
          .dataset;
        return { frameId: Number(frameId), objects: Number(objects) };
      });
      if (seen.has(shown.frameId)) {
        await page.locator(`canvas:not([data-frame-id="${shown.frameId}"])`).waitFor();
        continue;
      }
      seen.add(shown.frameId);
      const sent = received.get(shown.frameId);
      t.ok(sent, `frame ${shown.frameId} came over the stream`);
      t.equal(shown.objects, sent && sent.areaPx > 0 ? 1 : 0);
    }

    await page.getByRole('button', { name: 'Remove object 1' }).click();
    await page.locator('canvas[data-objects="0"]').waitFor();
    t.same(problems, [], 'nothing was refused by the content security policy or thrown');
  },
);

test(
  'the page can be used from the keyboard and reconnects by itself',
  { skip, timeout: 120_000 },
  async (t) => {
    const { live, browser, page } = await openDemo(t);
    const connections: WebSocketRoute[] = [];
    await page.routeWebSocket('**/stream', (route) => {
      connections.push(route);
      route.connectToServer();
    });
    await page.goto(live.url);
    const canvas = page.locator('canvas[data-frame-id]');
    await canvas.waitFor();
    await canvas.focus();
    await page.keyboard.press('ArrowDown');
    await page.keyboard.press('Enter');
    await page.locator('[data-object-id="1"]').waitFor();

    await connections[0].close();
    await page.locator('.link:not(.up)').waitFor();
    await page.locator('.link.up').waitFor();
    t.equal(connections.length, 2);
    await page.locator('canvas[data-objects="1"]').waitFor();
    await browser.close();
    t.equal(await live.stop(), 0);
  },
);
