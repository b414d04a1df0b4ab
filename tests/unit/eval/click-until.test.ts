import { test } from 'tap';
import { clickUntil } from '../../../src/eval/click-until.js';
import { Mask } from '../../../src/sdk/mask.js';
import type { Prompts } from '../../../src/sdk/types.js';

/** 4 × 1 px. */
const row = (...pixels: number[]): Mask => Mask.fromBitmap(Uint8Array.from(pixels), 4, 1);
const truth = row(1, 1, 1, 0);

/** Answers in turn; keeps what it was asked. */
function answering(...answers: Mask[]): { asked: Prompts[]; ask: (p: Prompts) => Promise<Mask> } {
  const asked: Prompts[] = [];
  return {
    asked,
    ask: async (prompts) => {
      asked.push(prompts);
      return answers[asked.length - 1];
    },
  };
}

test('each click comes with all before and the mask that the last one answered', async (t) => {
  const [one, two] = [row(0, 1, 0, 0), row(1, 1, 1, 1)];
  const { asked, ask } = answering(one, two, truth);
  const { points, dsc, mask } = await clickUntil(ask, truth, { clicks: 5 });
  t.same(
    points.map(({ x, label }) => [x, label]),
    [
      [1.5, 1],
      [0.5, 1],
      [3.5, 0],
    ],
  );
  t.same(
    asked.map(({ points: given, previous }) => [given?.length, previous]),
    [
      [1, undefined],
      [2, one],
      [3, two],
    ],
  );
  t.same(dsc, [0.5, 6 / 7, 1], 'an exact mask leaves nothing to click');
  t.equal(mask, truth);
});

test('clicking ends at the goal, or when the clicks are spent', async (t) => {
  const fair = row(1, 1, 1, 1);
  t.same((await clickUntil(answering(fair).ask, truth, { clicks: 5, dsc: 0.8 })).dsc, [6 / 7]);
  const poor = row(0, 0, 0, 1);
  const spent = await clickUntil(answering(poor, poor).ask, truth, { clicks: 2, dsc: 0.8 });
  t.same(spent.dsc, [0, 0]);
});

test('a mask that already stands goes with the first click, which goes where it is wrong', async (t) => {
  const answered = row(1, 1, 1, 1);
  const { asked, ask } = answering(truth);
  const { points, mask } = await clickUntil(ask, truth, { clicks: 5, dsc: 0.9, answered });
  t.same(points, [{ x: 3.5, y: 0.5, label: 0 }]);
  t.equal(asked[0].previous, answered);
  t.equal(mask, truth);
  const right = await clickUntil(answering().ask, truth, { clicks: 5, answered: truth });
  t.same(right, { points: [], dsc: [], mask: truth });
});
