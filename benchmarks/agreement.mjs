// Do the two engines give the same masks? `node benchmarks/agreement.mjs --count 20 [--out FILE] FOLDER…`
// From each folder the same number of pictures, evenly spread; on each a click in the middle, a second one, and a box.
import { parseArgs } from 'node:util';
import { dice, openDevice, openSource } from 'sonotrack';
import { report } from './lib.mjs';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';

const { values: options, positionals: folders } = parseArgs({
  allowPositionals: true,
  options: { count: { type: 'string', default: '20' }, out: { type: 'string' } },
});
if (!folders.length) throw new Error('expected one or more folders of pictures');

function spread(folder, count) {
  const files = readdirSync(folder)
    .filter((f) => /\.(png|jpe?g|tiff?)$/i.test(f))
    .sort();
  const chosen = Array.from({ length: count }, (_, i) => Math.floor((i * files.length) / count));
  return [...new Set(chosen)].map((i) => join(folder, files[i]));
}

const devices = await Promise.all(
  ['native', 'onnxruntime-node'].map((engine) => openDevice({ engine })),
);
const agreement = [];
let pictures = 0;
for (const path of folders.flatMap((f) =>
  spread(f, Math.ceil(Number(options.count) / folders.length)),
)) {
  const source = await openSource(path);
  let frame;
  for await (frame of source) break;
  await source.close();
  pictures++;
  const { widthPx: w, heightPx: h } = frame;
  const first = { x: w / 2, y: h / 2, label: 1 };
  const prompts = [
    { points: [first] },
    { points: [first, { x: w / 4, y: h / 4, label: 0 }] },
    { box: [w / 4, h / 4, (3 * w) / 4, (3 * h) / 4] },
  ];
  const images = await Promise.all(devices.map((device) => device.setImage(frame)));
  for (const prompt of prompts) {
    const [a, b] = await Promise.all(images.map((image) => image.predict(prompt)));
    agreement.push(a.areaPx + b.areaPx ? dice(a, b) : 1);
  }
  for (const image of images) await image.close();
}
for (const device of devices) await device.close();
const mean = agreement.reduce((s, d) => s + d, 0) / agreement.length;
report(
  {
    scenario: 'agreement',
    pictures,
    masks: agreement.length,
    dscMin: Math.min(...agreement),
    dscMean: mean,
  },
  options.out,
);
