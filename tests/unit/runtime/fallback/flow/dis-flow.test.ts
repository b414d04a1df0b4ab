import { test } from 'tap';
import { Phantom, PHANTOM_LABELS } from '../../../../../src/io/sources/phantom/phantom.js';
import { DisFlow } from '../../../../../src/runtime/fallback/flow/dis-flow.js';
import { dice } from '../../../../../src/sdk/dice.js';
import { endPointError, rendered, shifted, type Size } from '../../../../support/textures.js';

const SIZE: Size = { width: 128, height: 128 };

function flowOf(
  { width, height }: Size,
  from: Uint8Array,
  to: Uint8Array,
  initial?: Float32Array,
): Float32Array {
  const flowXy = new Float32Array(2 * width * height).fill(NaN);
  new DisFlow(width, height).compute(from, to, flowXy, initial);
  return flowXy;
}

const shiftError = (size: Size, flow: Float32Array, border: number, dx: number, dy: number) =>
  endPointError(size, flow, border, () => [dx, dy]);

/** The error for a frame that is the other one mapped by (a −b; b a) about the centre. */
function linearError(a: number, b: number): number {
  const centre = 0.5 * (SIZE.width - 1);
  const determinant = a * a + b * b;
  // `to` at p shows what `from` shows at the inverse of the map.
  const to = rendered(SIZE, (x, y) => [
    centre + (a * (x - centre) + b * (y - centre)) / determinant,
    centre + (a * (y - centre) - b * (x - centre)) / determinant,
  ]);
  return endPointError(SIZE, flowOf(SIZE, shifted(SIZE, 0, 0), to), 8, (x, y) => [
    (a - 1) * (x - centre) - b * (y - centre),
    b * (x - centre) + (a - 1) * (y - centre),
  ]);
}

/** NaN where a component is NaN. */
function longest(flow: Float32Array): number {
  let length = 0;
  for (let i = 0; i < flow.length; i += 2) {
    length = Math.max(length, Math.hypot(flow[i], flow[i + 1]));
  }
  return length;
}

test('a constant shift is recovered, x first, along the direction of motion', async (t) => {
  const from = shifted(SIZE, 0, 0);
  const error = (dx: number, dy: number, border: number): number =>
    shiftError(SIZE, flowOf(SIZE, from, shifted(SIZE, dx, dy)), border, dx, dy);
  t.ok(error(3, 0, 8) < 0.02);
  t.ok(error(0, -2, 8) < 0.02);
  t.ok(error(-5.5, 4.25, 12) < 0.03);
});

test('an image does not move against itself', async (t) => {
  const image = shifted(SIZE, 0, 0);
  t.ok(longest(flowOf(SIZE, image, image)) < 1e-3);
});

test('a zoom by 5 % and a rotation by 4 degrees are recovered', async (t) => {
  const angle = (4 * Math.PI) / 180;
  t.ok(linearError(1.05, 0) < 0.07);
  t.ok(linearError(1 / 1.05, 0) < 0.07);
  t.ok(linearError(Math.cos(angle), Math.sin(angle)) < 0.1);
});

test('a change of gray level is no motion', async (t) => {
  const to = shifted(SIZE, 2, 1).map((gray) => 20 + 0.8 * gray);
  t.ok(shiftError(SIZE, flowOf(SIZE, shifted(SIZE, 0, 0), to), 8, 2, 1) < 0.05);
});

test('a motion too large for the coarsest level is found from the initial flow', async (t) => {
  const from = shifted(SIZE, 0, 0);
  const to = shifted(SIZE, 30, -22);
  t.ok(shiftError(SIZE, flowOf(SIZE, from, to), 36, 30, -22) > 5);
  const initial = Float32Array.from({ length: 2 * from.length }, (_, i) => (i % 2 ? -21 : 29));
  t.ok(shiftError(SIZE, flowOf(SIZE, from, to, initial), 36, 30, -22) < 0.05);
});

test('a wrong initial flow, even NaN, is passed over where the images say otherwise', async (t) => {
  const from = shifted(SIZE, 0, 0);
  const to = shifted(SIZE, 2, 1);
  for (const value of [-20, NaN]) {
    const initial = new Float32Array(2 * from.length).fill(value);
    t.ok(shiftError(SIZE, flowOf(SIZE, from, to, initial), 12, 2, 1) < 0.05, `${value}`);
  }
});

test('a flat image gives a finite flow near zero', async (t) => {
  const flat = shifted(SIZE, 0, 0).fill(90);
  t.ok(longest(flowOf(SIZE, flat, flat)) < 1e-6);
  t.ok(longest(flowOf(SIZE, flat, flat.slice().fill(120))) < 1e-3);
  t.ok(longest(flowOf(SIZE, flat, shifted(SIZE, 0, 0))) < 0.1);
});

test('the same images give the same flow, on the same object and on another', async (t) => {
  const from = shifted(SIZE, 0, 0);
  const to = shifted(SIZE, 2.5, -1);
  const first = flowOf(SIZE, from, to);
  const flow = new DisFlow(SIZE.width, SIZE.height);
  const again = new Float32Array(first.length);
  flow.compute(to, from, again);
  const asFirst = (): boolean => again.every((value, i) => value === first[i]);
  t.notOk(asFirst());
  flow.compute(from, to, again);
  t.ok(asFirst());
});

test('sides need not be multiples of anything', async (t) => {
  for (const [width, height] of [
    [97, 131],
    [61, 200],
  ]) {
    const size = { width, height };
    const flow = flowOf(size, shifted(size, 0, 0), shifted(size, 2, -1));
    t.ok(shiftError(size, flow, 8, 2, -1) < 0.02, `${width} × ${height}`);
  }
  for (const [width, height] of [
    [1, 1],
    [7, 3],
    [9, 40],
    [17, 8],
  ]) {
    const size = { width, height };
    const image = shifted(size, 0, 0);
    t.ok(longest(flowOf(size, image, image)) < 1e-3, `${width} × ${height}`);
    t.ok(Number.isFinite(longest(flowOf(size, image, shifted(size, 50, 50)))));
  }
});

test('on speckle the flow carries the truth of one frame to another', async (t) => {
  const phantom = new Phantom({ seed: 2, widthPx: 240, heightPx: 180 });
  const { widthPx: width, heightPx: height } = phantom;
  const [before, present] = [2, 5];
  const flow = flowOf(
    { width, height },
    phantom.frame(present).data as Uint8Array,
    phantom.frame(before).data as Uint8Array,
  );
  const truth = phantom.truth(before);
  const carried = truth.map((_, i) => {
    const x = Math.round((i % width) + flow[2 * i]);
    const y = Math.round(Math.floor(i / width) + flow[2 * i + 1]);
    return truth[
      Math.min(Math.max(y, 0), height - 1) * width + Math.min(Math.max(x, 0), width - 1)
    ];
  });
  const wall = (labels: Uint8Array): Uint8Array =>
    labels.map((label) => Number(label === PHANTOM_LABELS.wall));
  const still = dice(wall(truth), wall(phantom.truth(present)));
  const moved = dice(wall(carried), wall(phantom.truth(present)));
  t.comment(
    `DSC of the wall ${still.toFixed(3)} without motion, ${moved.toFixed(3)} with the flow`,
  );
  t.ok(1 - moved < 0.5 * (1 - still));
});

test('a size of no whole pixel and buffers of another size are refused', async (t) => {
  t.throws(() => new DisFlow(0, 64), { name: 'RangeError', message: /`width` but received 0/ });
  t.throws(() => new DisFlow(64, 1.5), { name: 'RangeError', message: /`height`/ });
  const flow = new DisFlow(16, 8);
  const gray = new Uint8Array(128);
  const flowXy = new Float32Array(256);
  t.throws(() => flow.compute(gray.subarray(1), gray, flowXy), /128 elements for `from`/);
  t.throws(() => flow.compute(gray, new Uint8Array(129), flowXy), /128 elements for `to`/);
  t.throws(() => flow.compute(gray, gray, flowXy.subarray(128)), /256 elements for `flowXy`/);
  t.throws(() => flow.compute(gray, gray, flowXy, flowXy.subarray(2)), /for `initial`/);
});
