import { test } from 'tap';
import {
  flowField,
  FlowPlane,
  loadGray,
  writeFlow,
  type FlowField,
} from '../../../../../src/runtime/fallback/flow/flow-plane.js';
import { PatchSearch } from '../../../../../src/runtime/fallback/flow/patch-search.js';
import { endPointError, shifted } from '../../../../support/textures.js';

const SIZE = { width: 128, height: 128 };

function plane(gray: Uint8Array): FlowPlane {
  const loaded = new FlowPlane(SIZE.width, SIZE.height, PatchSearch.MARGIN);
  loadGray(gray, SIZE.width, SIZE.height, loaded);
  return loaded;
}

function constant(width: number, height: number, x: number, y: number): FlowField {
  const field = flowField(width, height);
  for (let v = 0; v < height; v++) {
    field.x.data.fill(x, field.x.row(v), field.x.row(v) + width);
    field.y.data.fill(y, field.y.row(v), field.y.row(v) + width);
  }
  return field;
}

/** Mean end-point error of one level's dense flow, where the patches have a place in the other image. */
function error(
  dx: number,
  dy: number,
  coarser: FlowField | null,
  initial: FlowField | null,
): number {
  const { width, height } = SIZE;
  const from = plane(shifted(SIZE, 0, 0));
  const to = plane(shifted(SIZE, dx, dy));
  const search = new PatchSearch(width, height);
  const flow = flowField(width, height);
  search.search(from, to, coarser, initial);
  search.densify(from, to, flow);
  const flowXy = new Float32Array(2 * width * height);
  writeFlow(flow, width, height, flowXy);
  return endPointError(SIZE, flowXy, 36, () => [dx, dy]);
}

test('one level finds a motion of less than a patch', async (t) => {
  t.ok(error(3, -2, null, null) < 0.05);
});

test('a motion of many patches is found from the initial flow only', async (t) => {
  t.ok(error(30, -22, null, null) > 5);
  t.ok(error(30, -22, null, constant(128, 128, 29, -21)) < 0.05);
});

test('the flow of the coarser level counts twice', async (t) => {
  t.ok(error(30, -22, constant(64, 64, 15, -11), null) < 0.05);
});

test('of the coarser level and the initial flow the better one is taken', async (t) => {
  const right = constant(128, 128, 30, -22);
  t.ok(error(30, -22, constant(64, 64, -8, 5), right) < 0.05);
  t.ok(error(30, -22, constant(64, 64, 15, -11), constant(128, 128, -8, 5)) < 0.05);
});
