import { test } from 'tap';
import {
  flowField,
  FlowPlane,
  loadGray,
  writeFlow,
} from '../../../../../src/runtime/fallback/flow/flow-plane.js';
import { FlowRefinement } from '../../../../../src/runtime/fallback/flow/flow-refinement.js';
import { endPointError, shifted } from '../../../../support/textures.js';

const SIZE = { width: 64, height: 48 };

/** Mean end-point error after refining the flow (x, y) everywhere, `to` being the texture moved by (1.5, −1). */
function error(iterations: number, x: number, y: number): number {
  const { width, height } = SIZE;
  const [from, to] = FlowPlane.many(2, width, height, 1);
  loadGray(shifted(SIZE, 0, 0), width, height, from);
  loadGray(shifted(SIZE, 1.5, -1), width, height, to);
  const flow = flowField(width, height);
  flow.x.data.fill(x, flow.x.row(0), flow.x.row(0) + width * height);
  flow.y.data.fill(y, flow.y.row(0), flow.y.row(0) + width * height);
  new FlowRefinement(width, height, iterations).refine(from, to, flow);
  const flowXy = new Float32Array(2 * width * height);
  writeFlow(flow, width, height, flowXy);
  return endPointError(SIZE, flowXy, 6, () => [1.5, -1]);
}

test('a flow that is off by a part of a pixel is brought towards the truth', async (t) => {
  const start = Math.hypot(0.2, 0.2);
  const left = (iterations: number): number => error(iterations, 1.3, -0.8) / start;
  t.ok(Math.abs(left(0) - 1) < 1e-6, 'no iteration, no change');
  t.ok(left(3) < 0.75);
  t.ok(left(30) < 0.15);
});

test('the true flow stays', async (t) => {
  t.ok(error(3, 1.5, -1) < 0.02);
});
