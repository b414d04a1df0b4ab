import { test } from 'tap';
import { AnchoredFlow } from '../../../../src/runtime/fallback/flow/anchored-flow.js';
import { DisFlow } from '../../../../src/runtime/fallback/flow/dis-flow.js';
import { FlowGuide } from '../../../../src/runtime/fallback/flow-guide.js';

const SIDE = 8;
const GRID = 4;
const CELLS = GRID * GRID;
const CHANNELS = 3;

/** Masks f32[3, 4, 4] in which each object has the same share of every cell. */
const shares = (...objects: number[]): Float32Array =>
  Float32Array.from([0, ...objects].flatMap((share) => Array<number>(CELLS).fill(share)));

/** What the guide has in its first cell of each source and channel. */
const firstCells = (carried: Float32Array): number[][] =>
  [0, 1, 2].map((source) =>
    [0, 1, 2].map((channel) => {
      const value = carried[(source * CHANNELS + channel) * CELLS];
      return Math.round(value * 1000) / 1000;
    }),
  );

function stillStream(second: boolean): AnchoredFlow {
  const flow = new AnchoredFlow(SIDE);
  const frame = new Uint8Array(SIDE * SIDE).fill(90);
  flow.start(frame);
  if (second) flow.setAnchor(1);
  flow.follow(frame, new DisFlow(SIDE, SIDE));
  return flow;
}

test('an object is carried from its own anchor, and that counts for the other reference too', async (t) => {
  const masks = [shares(0.2, 0.3), shares(0.4, 0.9), shares(0.9, 0.5)];
  const objects = [
    { slot: 1, anchor: 0 },
    { slot: 2, anchor: 1 },
  ];
  const { carried, known } = new FlowGuide(CHANNELS, GRID).of(stillStream(true), masks, objects);
  t.same([...known], [1, 1, 1]);
  t.same(firstCells(carried), [
    [0.5, 0.2, 0.3],
    [0.1, 0.4, 0.5],
    [0.1, 0.4, 0.5],
  ]);
});

test('a source that is not there, and a channel without an object, are 0', async (t) => {
  const masks = [shares(0.2, 0.3), shares(0.4, 0.9), undefined];
  const objects = [{ slot: 1, anchor: 0 }];
  const guide = new FlowGuide(CHANNELS, GRID).of(stillStream(false), masks, objects);
  t.same([...guide.known], [1, 1, 0]);
  t.same(firstCells(guide.carried), [
    [0.8, 0.2, 0],
    [0.6, 0.4, 0],
    [0, 0, 0],
  ]);
  t.ok(guide.evidence.subarray(4 * CELLS).every((value) => value === 0));
});

test('the evidence is the means of match and variance, source by source', async (t) => {
  const flow = stillStream(true);
  const { evidence } = new FlowGuide(CHANNELS, GRID).of(flow, [], []);
  for (const source of [0, 1, 2]) {
    for (const [k, map] of [flow.match(source), flow.variance(source)].entries()) {
      const mean = (map[0] + map[1] + map[SIDE] + map[SIDE + 1]) / 4;
      t.ok(Math.abs(evidence[(2 * source + k) * CELLS] - mean) <= 1e-6 * Math.abs(mean));
    }
  }
  t.ok(evidence[CELLS] > 0, 'flat frames do not match, so that a step adds variance');
});
