// From a click to the mask, by bundle: accuracy and time in one table (input sizes, INT8 beside FP32, how often is looked).
//   node benchmarks/click-to-mask.mjs --data DIR --bundle 'INT8 256=models/lite' --bundle 'FP32 256=build/fp32'
//     [--bundle 'INT8 256, twice=models/lite@box-and-clicks'] [--max-images 20] [--rounds 40] [--out FILE]
// What stands after @ is the zoom: off (default), box or box-and-clicks. DIR holds data sets as `sonotrack eval` reads them.
// Times are taken in turns on one object of the phantom.
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { openDevice } from 'sonotrack';
import { inTurns, phantomFrames, report, summary } from './lib.mjs';

const { values: options } = parseArgs({
  options: {
    data: { type: 'string' },
    bundle: { type: 'string', multiple: true },
    'max-images': { type: 'string' },
    rounds: { type: 'string', default: '40' },
    out: { type: 'string' },
  },
});
if (!options.data || !options.bundle?.length) {
  throw new Error('expected --data DIR and --bundle NAME=DIR');
}
const cli = new URL('../dist/cli/main.js', import.meta.url).pathname;
const rounds = Number(options.rounds);
const folder = mkdtempSync(join(tmpdir(), 'click-to-mask-'));

/** What `sonotrack eval` says of a bundle. */
function accuracy(modelsDir, zoom) {
  const some = options['max-images'] ? ['--max-images', options['max-images']] : [];
  const args = [cli, 'eval', options.data, '--out', folder, '--models-dir', modelsDir];
  execFileSync(process.execPath, [...args, '--zoom', zoom, '--quiet', ...some], {
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  const { meanOfSets } = JSON.parse(readFileSync(join(folder, 'eval.json'), 'utf8'));
  const { dscByClick, maxDsc, boxDsc } = meanOfSets;
  return { dscAt: { 1: dscByClick[0], 3: dscByClick[2], 5: dscByClick[4] }, maxDsc, boxDsc };
}

const subjects = [];
for (const given of options.bundle) {
  const [name, where] = given.split('=');
  const [modelsDir, zoom = 'off'] = where.split('@');
  subjects.push({ name, accuracy: accuracy(modelsDir, zoom), modelsDir, zoom });
}
rmSync(folder, { recursive: true });
for (const s of subjects) s.device = await openDevice({ modelsDir: s.modelsDir, zoom: s.zoom });

const frames = await phantomFrames(30);
const { widthPx, heightPx } = frames[0];
const first = { x: widthPx / 2, y: heightPx / 2, label: 1 };
const second = { x: widthPx / 2 + 12, y: heightPx / 2 + 9, label: 1 };
const clickMs = await inTurns(subjects, rounds, async (s, i) => {
  s.image?.close();
  s.image = await s.device.setImage(frames[i % frames.length]);
  s.mask = await s.image.predict({ points: [first] });
});
const againMs = await inTurns(subjects, rounds, async (s) => {
  await s.image.predict({ points: [first, second], previous: s.mask });
});
const box = [0.35 * widthPx, 0.35 * heightPx, 0.65 * widthPx, 0.65 * heightPx];
const boxMs = await inTurns(subjects, rounds, async (s, i) => {
  s.image.close();
  s.image = await s.device.setImage(frames[i % frames.length]);
  await s.image.predict({ points: [], box });
});
const bundles = Object.fromEntries(
  subjects.map(({ name, accuracy: figures, device, zoom }, i) => [
    name,
    {
      inputSizePx: device.info.models.sonosam.inputSizePx,
      precision: device.info.models.sonosam.precision,
      zoom,
      ...figures,
      clickToMask: summary(clickMs[i]),
      reClick: summary(againMs[i]),
      boxToMask: summary(boxMs[i]),
    },
  ]),
);
for (const { device } of subjects) await device.close();
const maxImages = options['max-images'] ? Number(options['max-images']) : undefined;
report({ scenario: 'click-to-mask', maxImages, rounds, bundles }, options.out);
