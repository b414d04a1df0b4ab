import { test } from 'tap';
import {
  FlowConstraints,
  type ColourConstraints,
} from '../../../../../src/runtime/fallback/flow/flow-constraints.js';
import {
  flowField,
  FlowPlane,
  loadGray,
} from '../../../../../src/runtime/fallback/flow/flow-plane.js';

const [WIDTH, HEIGHT] = [16, 9];

/** Gray level `gray(x, y)`. */
function plane(gray: (x: number, y: number) => number): FlowPlane {
  const loaded = new FlowPlane(WIDTH, HEIGHT, 1);
  const image = Uint8Array.from({ length: WIDTH * HEIGHT }, (_, i) =>
    gray(i % WIDTH, Math.floor(i / WIDTH)),
  );
  loadGray(image, WIDTH, HEIGHT, loaded);
  return loaded;
}

function constraintsOf(from: FlowPlane, to: FlowPlane, colour: number): ColourConstraints {
  const planes = FlowPlane.many(9, WIDTH / 2, HEIGHT, 0);
  const part = (i: number) => ({ x: planes[i], y: planes[i + 1], t: planes[i + 2] });
  const out = { gray: part(0), across: part(3), down: part(6) };
  const constraints = new FlowConstraints(WIDTH, HEIGHT);
  constraints.linearise(from, to, flowField(WIDTH, HEIGHT));
  constraints.pick(colour, out);
  return out;
}

test('a ramp that moved by a pixel asks for that pixel', async (t) => {
  const from = plane((x, y) => 4 * x + 3 * y + 10);
  const to = plane((x, y) => 4 * (x - 1) + 3 * y + 10);
  for (const colour of [0, 1]) {
    const { gray, across, down } = constraintsOf(from, to, colour);
    // Gradient (4, 3), so 5 long; the mismatch is −4 everywhere, so it has no variance and the confidence is 1.
    const length = Math.sqrt(25 + 0.01);
    const at = gray.x.row(4) + 3;
    const { data } = gray.x;
    t.ok(Math.abs(data[at] - 4 / length) < 1e-6);
    t.ok(Math.abs(data[gray.y.row(4) + 3] - 3 / length) < 1e-6);
    t.ok(Math.abs(data[gray.t.row(4) + 3] + 4 / length) < 1e-6);
    // A ramp has no second derivatives.
    for (const { x, y, t: mismatch } of [across, down]) {
      t.same(
        [x, y, mismatch].map((p) => Math.abs(data[p.row(4) + 3])),
        [0, 0, 0],
      );
    }
  }
});

test('a mismatch that varies within the window takes the confidence away', async (t) => {
  const from = plane((x, y) => 4 * x + 3 * y + 10);
  const noisy = plane((x, y) => 4 * x + 3 * y + 10 + ((x + y) % 2 ? 40 : 0));
  const weight = (to: FlowPlane): number => {
    const { gray } = constraintsOf(from, to, 0);
    return Math.hypot(gray.x.data[gray.x.row(4) + 3], gray.x.data[gray.y.row(4) + 3]);
  };
  t.ok(Math.abs(weight(from) - 1) < 1e-3);
  t.ok(weight(noisy) < 0.05);
});
