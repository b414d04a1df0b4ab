/** As native/tests/models/local_change_test.cc has it. */
import { test } from 'tap';
import type { EnginePrompts } from '../../../src/runtime/engine.js';
import { keepLocalChange } from '../../../src/runtime/local-change.js';
import { bitmap } from '../../support/bitmaps.js';

const WIDTH = 12;
const PREVIOUS = ['####........', '####........', '####........'];
/** Adds two patches, and takes a corner. */
const ANSWER = ['.#####......', '####......##', '####......##'];

/** What is left of `answer` after a click for each point, the previous mask being `previous`. */
function kept(
  previous: string[],
  answer: string[],
  points: number[],
  { score = 0.5, box = null }: { score?: number; box?: EnginePrompts['box'] } = {},
): Uint8Array {
  const mask = { bitmap: bitmap(...answer), score };
  const before = bitmap(...previous);
  const prompts = { points: Float32Array.from(points), box, previous: before, multimask: false };
  keepLocalChange(mask, prompts, before, WIDTH);
  return mask.bitmap;
}

test('the patch stays that the click lies in, and the rest is as it was', async (t) => {
  t.same(
    kept(PREVIOUS, ANSWER, [10.5, 2.5, 1]),
    bitmap('####........', '####......##', '####......##'),
  );
  t.same(
    kept(PREVIOUS, ANSWER, [4.5, 0.5, 1]),
    bitmap('######......', '####........', '####........'),
  );
  t.same(
    kept(PREVIOUS, ANSWER, [0.5, 0.5, 0]),
    bitmap('.###........', '####........', '####........'),
  );
});

test('a click into what did not change changes nothing', async (t) => {
  t.same(kept(PREVIOUS, ANSWER, [7.5, 1.5, 0]), bitmap(...PREVIOUS));
});

test('patches hang together by corners, but not added with removed pixels', async (t) => {
  t.same(
    kept(
      ['##..........', '............', '............'],
      ['#.#.........', '...#........', '............'],
      [2.5, 0.5, 1],
    ),
    bitmap('###.........', '...#........', '............'),
  );
});

test('from the second click on only what is within reach of the last one stays', async (t) => {
  // three pixels, all at the edge: a reach of four
  const previous = ['###.........', '............', '............'];
  const answer = ['############', '............', '............'];
  t.same(kept(previous, answer, [4.5, 0.5, 1]), bitmap(...answer));
  t.same(
    kept(previous, answer, [1.5, 0.5, 1, 4.5, 0.5, 1]),
    bitmap('#########...', '............', '............'),
  );
});

test('a sure answer stays whole, one to a box too, and one that begins with nothing', async (t) => {
  const nothing = ['............', '............', '............'];
  const click = [10.5, 2.5, 1];
  t.same(kept(PREVIOUS, ANSWER, click, { score: 0.85 }), bitmap(...ANSWER));
  t.same(kept(nothing, ANSWER, click), bitmap(...ANSWER));
  t.same(kept(PREVIOUS, ANSWER, click, { box: Float32Array.of(0, 0, 12, 3) }), bitmap(...ANSWER));
});
