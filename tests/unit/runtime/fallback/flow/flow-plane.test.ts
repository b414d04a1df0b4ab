import { test } from 'tap';
import {
  flowField,
  FlowPlane,
  halvePlane,
  loadGray,
  readPlane,
  shrinkFlow,
  writeFlow,
} from '../../../../../src/runtime/fallback/flow/flow-plane.js';

/** Columns 0 … w − 1 of the rows 0 … h − 1. */
const pixels = (plane: FlowPlane): number[] =>
  Array.from({ length: plane.width * plane.height }, (_, i) => {
    const y = Math.floor(i / plane.width);
    return plane.data[plane.row(y) + (i % plane.width)];
  });

test('the border repeats into the margin and into what the image leaves of the plane', async (t) => {
  const plane = new FlowPlane(3, 2, 1);
  loadGray(Uint8Array.of(1, 2), 2, 1, plane);
  const row = [1, 1, 2, 2, 2];
  t.same([...plane.data], [...row, ...row, ...row, ...row]);
});

test('planes of one array do not touch each other', async (t) => {
  const planes = FlowPlane.many(3, 2, 2, 1);
  planes.forEach((plane, i) => {
    loadGray(Uint8Array.of(i + 1, i + 1, i + 1, i + 1), 2, 2, plane);
  });
  t.same(
    [...planes[0].data],
    [1, 2, 3].flatMap((value) => Array<number>(16).fill(value)),
  );
  t.same(
    planes.map(pixels),
    [1, 2, 3].map((value) => Array<number>(4).fill(value)),
  );
});

test('halving takes the means of 2 × 2 px', async (t) => {
  const plane = new FlowPlane(4, 2, 0);
  loadGray(Uint8Array.of(0, 4, 10, 10, 4, 8, 30, 50), 4, 2, plane);
  const half = new FlowPlane(2, 1, 1);
  halvePlane(plane, half);
  t.same([...half.data], [4, 4, 25, 25, 4, 4, 25, 25, 4, 4, 25, 25]);
});

test('a plane is read bilinearly between pixel indices, and at its border beyond', async (t) => {
  const plane = new FlowPlane(2, 2, 0);
  loadGray(Uint8Array.of(0, 4, 8, 16), 2, 2, plane);
  t.equal(readPlane(plane, 0.25, 0), 1);
  t.equal(readPlane(plane, 0.5, 0.5), 7);
  t.equal(readPlane(plane, 9, -3), 4);
  t.equal(readPlane(plane, 1, 1), 16);
});

test('a flow shrinks to the means of squares, in px of the smaller grid', async (t) => {
  const [width, height] = [3, 2];
  const flowXy = Float32Array.of(2, 0, 4, 0, 8, -2, 2, 4, 4, 4, 8, -4);
  const half = flowField(3, 1); // one column more than the image has
  shrinkFlow(flowXy, width, height, 1, half);
  t.same(pixels(half.x), [1.5, 4, 4]);
  t.same(pixels(half.y), [1, -1.5, -1.5]);
  const full = flowField(4, 2);
  shrinkFlow(flowXy, width, height, 0, full);
  const out = new Float32Array(flowXy.length);
  writeFlow(full, width, height, out);
  t.same(out, flowXy);
});
