import { test } from 'tap';
import { fitLetterbox, gridTaps } from '../../../../src/runtime/fallback/letterbox.js';
import { logitsToBitmap, probabilitiesToLabels } from '../../../../src/runtime/fallback/masks.js';
import { bitmap } from '../../../support/bitmaps.js';

const taps = gridTaps(fitLetterbox(3, 3, 3), 3);

test('a pixel is foreground where its logit is above 0', async (t) => {
  const logits = Float32Array.of(9, 9, 9, -1, 0, 1, 2, -2, 0.5, 0, 0, -3);
  t.same(logitsToBitmap(logits, 3, taps), bitmap('..#', '#.#', '...'));
});

test('between two cells the logit is read bilinearly', async (t) => {
  // 4 px on 2 cells of −1 and 3: read at 0, 0.25, 0.75, 1 → −1, 0, 2, 3
  const line = gridTaps(fitLetterbox(4, 4, 2), 2);
  t.same(logitsToBitmap(Float32Array.of(-1, 3, -1, 3), 0, line).slice(0, 4), bitmap('..##'));
});

test('a pixel belongs to the most probable active channel, of equals to the lowest', async (t) => {
  const background = [0.5, 0.2, 0.1, 0.5, 0.2, 0.1, 0.5, 0.2, 0.1];
  const first = [0.5, 0.5, 0.1, 0.5, 0.5, 0.1, 0.5, 0.5, 0.1];
  const second = [0, 0.3, 0.8, 0, 0.3, 0.8, 0, 0.3, 0.8];
  const probabilities = Float32Array.from([...background, ...first, ...second]);
  const labels = probabilitiesToLabels(probabilities, Float32Array.of(1, 1, 1), taps);
  t.same([...labels], [0, 1, 2, 0, 1, 2, 0, 1, 2]);
  const without = probabilitiesToLabels(probabilities, Float32Array.of(1, 1, 0), taps);
  t.same([...without], [0, 1, 0, 0, 1, 0, 0, 1, 0]);
});
