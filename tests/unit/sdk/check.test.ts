import { test } from 'tap';
import { checkFrame, checkObjectMask, checkPrompts } from '../../../src/sdk/check.js';
import { mask } from '../../support/bitmaps.js';
import { frame } from '../../support/frames.js';
import { thrown } from '../../support/rejection.js';

const size = { widthPx: 10, heightPx: 8 };
const check = (change: object): ReturnType<typeof checkFrame> =>
  checkFrame({ ...frame(10, 8), ...change }, () => 77);
const prompts = (value: unknown, hasPrevious = false): ReturnType<typeof checkPrompts> =>
  checkPrompts(value, size, hasPrevious);

test('a sound frame gives its frozen meta', async (t) => {
  const { meta } = check({ spacingMm: { x: 0.1, y: 0.2 }, id: 5, captureNs: 9n });
  t.same(meta, { id: 5, captureNs: 9n, heightPx: 8, widthPx: 10, spacingMm: { x: 0.1, y: 0.2 } });
  t.ok(Object.isFrozen(meta) && Object.isFrozen(meta.spacingMm));
});

test('id, capture time and spacing have defaults', async (t) => {
  const before = process.hrtime.bigint();
  const { meta } = check({});
  t.equal(meta.id, 77);
  t.ok(meta.captureNs >= before);
  t.equal(meta.spacingMm, null);
  t.equal(check({ spacingMm: null }).meta.spacingMm, null);
});

test('each member of a frame is checked for kind and value', async (t) => {
  const kinds: [object, string][] = [
    [{ data: [0] }, 'frame.data'],
    [{ data: new Uint16Array(80) }, 'frame.data'],
    [{ widthPx: '10' }, 'frame.widthPx'],
    [{ heightPx: null }, 'frame.heightPx'],
    [{ channels: '1' }, 'frame.channels'],
    [{ spacingMm: 1 }, 'frame.spacingMm'],
    [{ spacingMm: { x: 1 } }, 'frame.spacingMm.y'],
    [{ id: '1' }, 'frame.id'],
    [{ captureNs: 5 }, 'frame.captureNs'],
    [{ spacing: { x: 1, y: 1 } }, 'spacingMm'],
  ];
  for (const [change, name] of kinds) {
    const error = thrown(() => check(change));
    t.ok(error instanceof TypeError, name);
    t.ok(error.message.includes(`\`${name}\``), error.message);
  }
  const values: [object, string][] = [
    [{ widthPx: 0 }, 'frame.widthPx'],
    [{ heightPx: 1.5 }, 'frame.heightPx'],
    [{ widthPx: NaN }, 'frame.widthPx'],
    [{ widthPx: 16385 }, 'frame.widthPx'],
    [{ channels: 2 }, 'frame.channels'],
    [{ data: new Uint8Array(79) }, 'frame.data'],
    [{ channels: 3 }, 'frame.data'],
    [{ spacingMm: { x: 0, y: 1 } }, 'frame.spacingMm.x'],
    [{ spacingMm: { x: 1, y: NaN } }, 'frame.spacingMm.y'],
    [{ id: -1 }, 'frame.id'],
    [{ captureNs: -1n }, 'frame.captureNs'],
  ];
  for (const [change, name] of values) {
    const error = thrown(() => check(change));
    t.ok(error instanceof RangeError, name);
    t.ok(error.message.includes(`\`${name}\``), error.message);
  }
  t.ok(thrown(() => checkFrame(null, () => 0)) instanceof TypeError);
});

test('points, box and the mask before are given in the form that engines take', async (t) => {
  const previous = mask(...Array<string>(8).fill('#.........'));
  const given = prompts({
    points: [
      { x: 1.5, y: 2.5, label: 1 },
      { x: 3, y: 4, label: 0 },
    ],
    box: [0, 1, 10, 8],
    previous,
    multimask: true,
  });
  t.same([...given.points], [1.5, 2.5, 1, 3, 4, 0]);
  t.same([...(given.box ?? [])], [0, 1, 10, 8]);
  t.same(given.previous, previous.toBitmap());
  t.equal(given.multimask, true);
});

test('a point on the border of the image is legal, outside of it a RangeError', async (t) => {
  for (const [x, y] of [
    [0, 0],
    [10, 8],
    [10, 0],
  ]) {
    t.same([...prompts({ points: [{ x, y, label: 1 }] }).points], [x, y, 1]);
  }
  for (const [x, y] of [
    [-0.1, 0],
    [10.1, 0],
    [0, 8.1],
    [NaN, 1],
    [1, Infinity],
  ]) {
    t.ok(
      thrown(() => prompts({ points: [{ x, y, label: 1 }] })) instanceof RangeError,
      `${x}, ${y}`,
    );
  }
});

test('wrong prompts name what is wrong', async (t) => {
  const point = { x: 1, y: 1, label: 1 };
  const cases: [unknown, 'TypeError' | 'RangeError', RegExp][] = [
    [undefined, 'TypeError', /`prompts`/],
    [{}, 'RangeError', /at least one point or a box/],
    [{ points: [] }, 'RangeError', /at least one point or a box/],
    [{ point: [point] }, 'TypeError', /did you mean `points`\?/],
    [{ points: point }, 'TypeError', /an array of points/],
    [{ points: [{ x: 1, y: 1 }] }, 'TypeError', /`prompts.points\[0\].label`/],
    [{ points: [point, { x: 1, y: 1, label: 2 }] }, 'RangeError', /`prompts.points\[1\].label`/],
    [{ points: [{ x: '1', y: 1, label: 1 }] }, 'TypeError', /`prompts.points\[0\].x`/],
    [{ points: [{ ...point, z: 1 }] }, 'TypeError', /received `z`/],
    [{ box: { x0: 0 } }, 'TypeError', /`prompts.box`/],
    [{ box: [0, 0, 1] }, 'RangeError', /`prompts.box`/],
    [{ box: [0, 0, 0, 5] }, 'RangeError', /x0 < x1 and y0 < y1/],
    [{ box: [0, 5, 5, 5] }, 'RangeError', /x0 < x1 and y0 < y1/],
    [{ box: [0, 0, NaN, 5] }, 'RangeError', /`prompts.box\[2\]`/],
    [{ box: [0, 0, 11, 5] }, 'RangeError', /`prompts.box\[2\]`/],
    [{ box: [0, 0, '5', 5] }, 'TypeError', /`prompts.box\[2\]`/],
    [
      { points: [point], previous: new Uint8Array(80) },
      'TypeError',
      /a Mask for `prompts.previous`/,
    ],
    [{ points: [point], previous: mask('#') }, 'RangeError', /10 × 8 px for `prompts.previous`/],
    [{ points: [point], multimask: 1 }, 'TypeError', /`prompts.multimask`/],
  ];
  for (const [value, kind, message] of cases) {
    const error = thrown(() => prompts(value));
    t.equal(error.constructor.name, kind, String(message));
    t.match(error.message, message);
  }
});

test('background points alone need the mask before', async (t) => {
  const points = [{ x: 1, y: 1, label: 0 }];
  const empty = mask(...Array<string>(8).fill('..........'));
  t.match(thrown(() => prompts({ points })).message, /background points alone/);
  t.ok(prompts({ points }, true));
  t.ok(prompts({ points, previous: empty }));
  t.ok(prompts({ points, box: [0, 0, 2, 2] }));
});

test('an object to follow has an id and a mask of the frame', async (t) => {
  const sound = mask(...Array<string>(8).fill('#.........'));
  t.equal(checkObjectMask({ id: 3, mask: sound }, 'object', size).id, 3);
  t.match(
    thrown(() => checkObjectMask({ id: 1.5, mask: sound }, 'object', size)).message,
    /`object.id`/,
  );
  t.match(
    thrown(() => checkObjectMask({ id: 1, mask: mask('#') }, 'object', size)).message,
    /`object.mask`/,
  );
  t.match(
    thrown(() => checkObjectMask({ id: 1 }, 'object', size)).message,
    /a Mask for `object.mask`/,
  );
});
