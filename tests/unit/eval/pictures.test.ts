import sharp from 'sharp';
import { test } from 'tap';
import { outlinePng } from '../../../src/eval/pictures.js';
import { ClipStrip } from '../../../src/eval/strips.js';
import { Mask } from '../../../src/sdk/mask.js';
import { disc, frame } from '../../support/frames.js';

const SIDE = 40;
const mask = (x: number): Mask => Mask.fromBitmap(disc(SIDE, SIDE, [x, 20, 8]), SIDE, SIDE);

test('truth, answer and clicks are drawn where they are, in their colours', async (t) => {
  const clicks = [{ x: 20, y: 36, label: 1 as const }];
  const png = await outlinePng(
    frame(SIDE, SIDE),
    [{ id: 1, truth: mask(10), answer: mask(30) }],
    clicks,
  );
  const { data, info } = await sharp(png).removeAlpha().raw().toBuffer({ resolveWithObject: true });
  t.match(info, { width: 256, height: 256, channels: 3 });
  const at = (x: number, y: number): number[] => {
    const i = 3 * (Math.round(y * 6.4) * 256 + Math.round(x * 6.4));
    return [...data.subarray(i, i + 3)];
  };
  t.same(at(5, 5), [0, 0, 0], 'the frame');
  const [red, green, blue] = at(20, 36);
  t.ok(green > red && green > blue, 'a foreground click is green');
  // Along the row through the middle, the brightest pixel of the left edge.
  const edge = (x: number): number[] =>
    Array.from({ length: 40 }, (_, i) => at(x - 10 + i / 8, 20)).sort((a, b) => b[2] - a[2])[0];
  const [truth, answer] = [edge(10), edge(30)];
  t.ok(truth[0] > 150 && truth[1] < truth[0] / 2, 'the truth is magenta');
  t.ok(
    answer[0] > 40 && answer[0] < answer[1] && answer[2] > 150,
    'the answer has the colour of object 1',
  );
});

test('a clip is shown at its start, at interventions, and at its end', async (t) => {
  const strip = new ClipStrip('s/a');
  const picture = frame(SIDE, SIDE);
  const run = { label: 1, startClicks: 1, startDsc: 1, trackedDsc: [], finalDsc: [] };
  const interventions = [{ frame: 1, dscBefore: 0.8, clicks: 1, dscAfter: 0.95 }];
  let asked = 0;
  for (let index = 0; index < 4; index += 1) {
    const meta = { id: index, captureNs: 0n, widthPx: SIDE, heightPx: SIDE, spacingMm: null };
    const objects = [{ id: 1, mask: mask(20), quality: 1, status: 'tracking' as const }];
    await strip.add(
      { index, picture, frame: meta, objects, trackMs: null },
      [{ ...run, interventions }],
      async () => {
        asked += 1;
        return [{ label: 1, truth: mask(20) }];
      },
    );
  }
  const { title, pictures } = await strip.finish();
  t.equal(title, 's/a');
  t.same(
    pictures.map(({ caption }) => caption),
    [
      'frame 0, after the first clicks',
      'frame 1, corrected: label 1 0.80 → 0.95',
      'frame 3, the last',
    ],
  );
  t.equal(asked, 3, 'the truth is read for what is drawn only');
});
