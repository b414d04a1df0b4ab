import { test } from 'tap';
import { Mask } from '../../../src/sdk/mask.js';
import type { TrackedObject } from '../../../src/sdk/types.js';
import { decodeMaskFrame, encodeMaskFrame } from '../../../src/telemetry/mask-frame.js';

const [W, H] = [200, 160];
const FRAME = {
  frameId: 7,
  captureUnixUs: 1_700_000_000_123_456,
  widthPx: W,
  heightPx: H,
  spacingMm: { x: 0.5, y: 0.25 },
};
const RLE = { revised: false, shape: 'rle', budgetBytes: 16_384 } as const;

/** A disc whose border is ragged: every second row is two px wider. */
function disc(id: number, cx: number, cy: number, radius: number): TrackedObject {
  const bitmap = new Uint8Array(W * H);
  for (let y = 0; y < H; y += 1) {
    for (let x = 0; x < W; x += 1) {
      const reach = radius + (y % 2) * 2;
      if (Math.hypot(x + 0.5 - cx, y + 0.5 - cy) <= reach) bitmap[y * W + x] = 1;
    }
  }
  return { id, mask: Mask.fromBitmap(bitmap, W, H), quality: 0.75, status: 'ask' };
}

test('a frame by hand: ids, areas and run lengths come back as they were', async (t) => {
  const mask = Mask.fromBitmap(Uint8Array.of(0, 1, 0, 0, 1, 0, 0, 0, 0), 3, 3);
  const objects: TrackedObject[] = [{ id: 3, mask, quality: 0.5, status: 'tracking' }];
  const { payload, reduced } = encodeMaskFrame(
    { ...FRAME, widthPx: 3, heightPx: 3, spacingMm: null },
    objects,
    { ...RLE, revised: true },
  );
  t.equal(reduced, false);
  t.same(decodeMaskFrame(payload), {
    frameId: 7,
    captureUnixUs: 1_700_000_000_123_456,
    widthPx: 3,
    heightPx: 3,
    spacingMm: null,
    revised: true,
    objects: [
      {
        id: 3,
        status: 'tracking',
        quality: 0.5,
        areaPx: 2,
        areaMm2: null,
        shape: { kind: 'rle', counts: [3, 2, 4] },
      },
    ],
  });
});

test('an area in mm² comes back, and its absence too', async (t) => {
  const { mask, ...object } = disc(1, 90, 80, 40);
  const rle = (): ReturnType<Mask['rle']> => mask.rle();
  const objects = [12.5, 0, null].map((areaMm2) => ({
    ...object,
    mask: { ...mask, rle, areaMm2 } as unknown as Mask,
  }));
  const { payload } = encodeMaskFrame(FRAME, objects, RLE);
  t.same(
    decodeMaskFrame(payload).objects.map(({ areaMm2 }) => areaMm2),
    [12.5, 0, null],
  );
});

test('outlines come back point for point, and enclose the area', async (t) => {
  const object = disc(1, 90, 80, 40);
  const { payload } = encodeMaskFrame(FRAME, [object], { ...RLE, shape: 'contours' });
  const [decoded] = decodeMaskFrame(payload).objects;
  t.match(decoded, { id: 1, status: 'ask', areaPx: object.mask.areaPx });
  if (decoded.shape?.kind !== 'contours') throw new Error('expected contours');
  t.equal(decoded.shape.tolerancePx, 0);
  t.same(
    decoded.shape.rings,
    object.mask.contours().map((ring) => Array.from(ring)),
  );
  t.equal(
    decoded.shape.rings.reduce((sum, ring) => sum + areaOf(ring), 0),
    object.mask.areaPx,
  );
});

test('a smaller budget simplifies outlines within the tolerance told, and at last leaves shapes out', async (t) => {
  const objects = [disc(1, 60, 80, 40), disc(2, 150, 80, 30)];
  let before = Infinity;
  for (const budgetBytes of [900, 500, 260, 60]) {
    const { payload, reduced } = encodeMaskFrame(FRAME, objects, { ...RLE, budgetBytes });
    t.ok(reduced);
    t.ok(payload.length < before);
    before = payload.length;
    const decoded = decodeMaskFrame(payload);
    t.same(
      decoded.objects.map(({ areaPx }) => areaPx),
      objects.map(({ mask }) => mask.areaPx),
    );
    for (const [i, { shape }] of decoded.objects.entries()) {
      if (shape === null) {
        t.equal(budgetBytes, 60);
        continue;
      }
      t.ok(payload.length <= budgetBytes, `${payload.length} bytes of ${budgetBytes}`);
      if (shape.kind !== 'contours') throw new Error('expected contours');
      const enclosed = shape.rings.reduce((sum, ring) => sum + areaOf(ring), 0);
      const outline = 2 * Math.PI * [42, 32][i];
      t.ok(Math.abs(enclosed - objects[i].mask.areaPx) <= outline * shape.tolerancePx);
    }
  }
});

test('a lost object goes out without a shape', async (t) => {
  const mask = Mask.fromBitmap(new Uint8Array(W * H), W, H);
  const { payload } = encodeMaskFrame(FRAME, [{ id: 1, mask, quality: 0, status: 'lost' }], RLE);
  t.match(decodeMaskFrame(payload).objects, [{ status: 'lost', areaPx: 0, shape: null }]);
});

test('bytes that are no frame are refused', async (t) => {
  t.throws(() => decodeMaskFrame(Uint8Array.of(255, 255, 255)));
});

/** Shoelace formula, clockwise on the screen positive. */
function areaOf(ring: readonly number[]): number {
  let twice = 0;
  for (let i = 0; i < ring.length; i += 2) {
    const [x1, y1] = [ring[(i + 2) % ring.length], ring[(i + 3) % ring.length]];
    twice += ring[i] * y1 - x1 * ring[i + 1];
  }
  return twice / 2;
}
