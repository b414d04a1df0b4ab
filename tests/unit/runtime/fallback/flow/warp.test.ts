import { test } from 'tap';
import { halveFlow, halveImage, Warp } from '../../../../../src/runtime/fallback/flow/warp.js';
import type { Size } from '../../../../support/textures.js';

/** An image carried by the same flow everywhere. */
function carried({ width, height }: Size, x: number, y: number, image: number[]): number[] {
  const warp = new Warp(width, height);
  warp.setFlow(Float32Array.from({ length: 2 * image.length }, (_, i) => (i % 2 ? y : x)));
  const out = new Float32Array(image.length).fill(NaN);
  warp.carry(Float32Array.from(image), out);
  return [...out];
}

const SQUARE: Size = { width: 3, height: 3 };
const RAMP = [0, 1, 2, 3, 4, 5, 6, 7, 8];

test('an image is read where the flow points, the border repeats', async (t) => {
  t.same(carried(SQUARE, 1, 0, RAMP), [1, 2, 2, 4, 5, 5, 7, 8, 8]);
  t.same(carried(SQUARE, 0, -0.5, RAMP), [0, 1, 2, 1.5, 2.5, 3.5, 4.5, 5.5, 6.5]);
  t.same(carried(SQUARE, 0.5, 0.5, RAMP), [2, 3, 3.5, 5, 6, 6.5, 6.5, 7.5, 8]);
  t.same(carried(SQUARE, -99, 99, RAMP), [6, 6, 6, 6, 6, 6, 6, 6, 6]);
});

test('each pixel follows its own flow', async (t) => {
  const warp = new Warp(3, 3);
  const flow = new Float32Array(18);
  flow.set([1, 1], 0);
  flow.set([-0.25, 0], 2 * 4);
  warp.setFlow(flow);
  const out = new Float32Array(9);
  warp.carry(Float32Array.from(RAMP), out);
  t.same([...out], [4, 1, 2, 3, 3.75, 5, 6, 7, 8]);
});

test('a single row, a single column and a single pixel are read too', async (t) => {
  t.same(carried({ width: 3, height: 1 }, 1, 1, [1, 2, 3]), [2, 3, 3]);
  t.same(carried({ width: 1, height: 3 }, 1, 1, [1, 2, 3]), [2, 3, 3]);
  t.same(carried({ width: 1, height: 1 }, 1, 1, [7]), [7]);
});

test('both values of a flow are carried alike', async (t) => {
  const warp = new Warp(2, 2);
  warp.setFlow(Float32Array.of(0.5, 0, 0.5, 0, 0.5, 0, 0.5, 0));
  const out = new Float32Array(8);
  warp.carryFlow(Float32Array.of(1, 10, 2, 20, 3, 30, 4, 40), out);
  t.same([...out], [1.5, 15, 2, 20, 3.5, 35, 4, 40]);
});

test('halving takes means, and the px of a flow are halved with the grid', async (t) => {
  const image = new Float32Array(2);
  halveImage(Float32Array.of(1, 3, 0, 0, 5, 7, 0, 8), 2, 1, image);
  t.same([...image], [4, 2]);
  const column = new Float32Array(2);
  halveImage(Float32Array.of(1, 3, 5, 7, 0, 0, 0, 8), 1, 2, column);
  t.same([...column], [4, 2]);
  const flow = new Float32Array(2);
  halveFlow(Float32Array.of(2, 4, 2, 4, 4, 8, 4, 8), 1, 1, flow);
  t.same([...flow], [1.5, 3]);
});
