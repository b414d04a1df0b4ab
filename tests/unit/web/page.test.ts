/** The page's own arithmetic: what it decodes and draws. */
import { test } from 'tap';
import { Mask } from '../../../src/sdk/mask.js';
import { encodeResult } from '../../../src/server/codec.js';
import { loadWebModule } from '../../support/web.js';

interface Wire {
  decodeFrame(buffer: ArrayBuffer): { header: { id: number }; picture: Uint8Array };
  decodeRle(rle: { size: [number, number]; counts: number[] }): Uint8Array;
}
interface Outline {
  trace(bitmap: Uint8Array, width: number, height: number): number[][];
}
interface History {
  AreaHistory: new () => {
    add(header: object): void;
    of(id: number): { timeS: number; area: number }[];
  };
  sparkline(samples: { timeS: number; area: number }[], width: number, height: number): string;
}

test('the page reads what the server writes', async (t) => {
  const { decodeFrame, decodeRle } = await loadWebModule<Wire>('wire.ts');
  const bitmap = Uint8Array.of(0, 1, 1, 0, 1, 0);
  const mask = Mask.fromBitmap(bitmap, 3, 2);
  t.same(decodeRle(mask.rle()), bitmap);
  t.same(decodeRle({ size: [1, 2], counts: [0, 2] }), Uint8Array.of(1, 1));
  const message = await encodeResult({
    frame: { id: 9, captureNs: 1n, widthPx: 3, heightPx: 2, spacingMm: null },
    pixels: { data: Uint8Array.of(1, 2, 3, 4, 5, 6), widthPx: 3, heightPx: 2, channels: 1 },
    objects: [{ id: 1, mask, quality: 1, status: 'tracking' }],
    timings: null,
    revised: false,
  });
  const { header, picture } = decodeFrame(message.buffer as ArrayBuffer);
  t.match(header, { id: 9, widthPx: 3, objects: [{ id: 1, areaPx: 3 }] });
  t.same([...picture], [1, 2, 3, 4, 5, 6]);
});

test('outlines run along the edges between pixels, holes apart', async (t) => {
  const { trace } = await loadWebModule<Outline>('outline.ts');
  t.same(trace(Uint8Array.of(0, 0, 0, 0), 2, 2), []);
  const [pixel, ...none] = trace(Uint8Array.of(1), 1, 1);
  t.equal(none.length, 0);
  t.same(pixel, [1, 0, 1, 1, 0, 1, 0, 0]);
  // A ring of 3 × 3 around an empty pixel.
  const ring = trace(Uint8Array.of(1, 1, 1, 1, 0, 1, 1, 1, 1), 3, 3);
  t.same(
    ring.map((polygon) => Math.abs(area(polygon))),
    [9, 1],
  );
  t.ok(area(ring[0]) * area(ring[1]) < 0, 'the hole runs the other way');
});

test('the enclosed area of random bitmaps is their number of pixels', async (t) => {
  const { trace } = await loadWebModule<Outline>('outline.ts');
  let state = 7;
  for (let round = 0; round < 50; round += 1) {
    const bitmap = Uint8Array.from({ length: 30 }, () => {
      state = (Math.imul(state, 1103515245) + 12345) >>> 0;
      return (state >>> 20) & 1;
    });
    const enclosed = trace(bitmap, 6, 5).reduce((sum, polygon) => sum + area(polygon), 0);
    t.equal(
      enclosed,
      bitmap.reduce((a, b) => a + b, 0),
    );
  }
});

test('the curve of areas keeps four seconds and forgets objects that are gone', async (t) => {
  const { AreaHistory, sparkline } = await loadWebModule<History>('history.ts');
  const history = new AreaHistory();
  const header = (timeS: number, areaPx: number, revised = false): object => ({
    captureNs: String(timeS * 1e9),
    revised,
    objects: [{ id: 1, areaPx, areaMm2: null }],
  });
  history.add(header(1, 10));
  history.add(header(3, 20));
  history.add(header(3, 30, true));
  t.same(history.of(1), [
    { timeS: 1, area: 10 },
    { timeS: 3, area: 30 },
  ]);
  t.equal(sparkline(history.of(1), 80, 40), '40.0,40.0 80.0,0.0');
  history.add(header(6, 5));
  t.same(
    history.of(1).map(({ timeS }) => timeS),
    [3, 6],
  );
  history.add({ captureNs: '7000000000', revised: false, objects: [] });
  t.same(history.of(1), []);
  t.equal(sparkline([], 80, 40), '');
});

/** Signed area of a closed polygon x0, y0, x1, y1, …; clockwise on the screen is positive. */
function area(polygon: number[]): number {
  let twice = 0;
  for (let i = 0; i < polygon.length; i += 2) {
    const [x0, y0] = [polygon[i], polygon[i + 1]];
    const [x1, y1] = [polygon[(i + 2) % polygon.length], polygon[(i + 3) % polygon.length]];
    twice += x0 * y1 - x1 * y0;
  }
  return twice / 2;
}
