// From a click to the mask, by bundle: accuracy and time in one table (input sizes, INT8 beside FP32).
//   node benchmarks/click-to-mask.mjs --data DIR --bundle 'INT8 256=models/lite' --bundle 'FP32 256=build/fp32'
//     [--max-images 20] [--rounds 40] [--zoom off|box|box-and-clicks] [--out FILE]
// DIR holds data sets as `sonotrack eval` reads them. Times are taken in turns on one object of the phantom.
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
    zoom: { type: 'string', default: 'off' },
    out: { type: 'string' },
  },
});
if (!options.data || !options.bundle?.length) {
  throw new Error('expected --data DIR and --bundle NAME=DIR');
}
const cli = new URL('../dist/cli/main.js', import.meta.url).pathname;
const { zoom, rounds } = options;
const folder = mkdtempSync(join(tmpdir(), 'click-to-mask-'));

/** What `sonotrack eval` says of a bundle. */
function accuracy(modelsDir) {
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
  const [name, modelsDir] = given.split('=');
  subjects.push({ name, accuracy: accuracy(modelsDir), modelsDir });
}
rmSync(folder, { recursive: true });
for (const s of subjects) s.device = await openDevice({ modelsDir: s.modelsDir, zoom });

const frames = await phantomFrames(30);
const { widthPx, heightPx } = frames[0];
const first = { x: widthPx / 2, y: heightPx / 2, label: 1 };
const second = { x: widthPx / 2 + 12, y: heightPx / 2 + 9, label: 1 };
const clickMs = await inTurns(subjects, Number(rounds), async (s, i) => {
  s.image?.close();
  s.image = await s.device.setImage(frames[i % frames.length]);
  s.mask = await s.image.predict({ points: [first] });
});
const againMs = await inTurns(subjects, Number(rounds), async (s) => {
  await s.image.predict({ points: [first, second], previous: s.mask });
});
const bundles = Object.fromEntries(
  subjects.map(({ name, accuracy: figures, device }, i) => [
    name,
    {
      inputSizePx: device.info.models.sonosam.inputSizePx,
      precision: device.info.models.sonosam.precision,
      ...figures,
      clickToMask: summary(clickMs[i]),
      reClick: summary(againMs[i]),
    },
  ]),
);
for (const { device } of subjects) await device.close();
const maxImages = options['max-images'] ? Number(options['max-images']) : undefined;
report(
  { scenario: 'click-to-mask', zoom, maxImages, rounds: Number(rounds), bundles },
  options.out,
);
