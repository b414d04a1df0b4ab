/**
 * A picture of tracking: `node scripts/phantom-strip.mjs [OUT.png] [--frames 105] [--every 15]`.
 *
 * The phantom's chamber and cyst are clicked once on the first frame and followed; every so many frames one is drawn, with the
 * truth and what the tracker gave, and the DSC of each below it. No correction is made.
 */
import { parseArgs } from 'node:util';
import sharp from 'sharp';
import { dice, openDevice } from 'sonotrack';
import { objectsOf } from '../dist/eval/label-objects.js';
import { outlinePng } from '../dist/eval/pictures.js';
import { Phantom } from '../dist/io/sources/phantom/phantom.js';
import { BACKGROUND, centreOf, writeSheet } from './picture-tools.mjs';

const { values: options, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    frames: { type: 'string', default: '105' },
    every: { type: 'string', default: '15' },
  },
});
const [out = new URL('../docs/images/phantom-strip.png', import.meta.url).pathname] = positionals;
/** By their labels in the phantom's truth. */
const STRUCTURES = { 1: 'chamber', 3: 'cyst' };
const [CAPTION, COLUMNS] = [40, 4];

const phantom = new Phantom();
const { widthPx, heightPx } = phantom;
const labels = Object.keys(STRUCTURES).map(Number);

const tiles = [];
let size;
async function draw(index, objects) {
  const known = objectsOf({ labels: phantom.truth(index), widthPx, heightPx });
  const outlined = objects.map(({ id, mask }) => ({
    id,
    truth: known.find(({ label }) => label === id).truth,
    answer: mask,
  }));
  const picture = await outlinePng(phantom.frame(index), outlined);
  const { width, height } = await sharp(picture).metadata();
  const dscs = outlined.map(
    ({ id, truth, answer }) => `${STRUCTURES[id]} ${dice(truth, answer).toFixed(3)}`,
  );
  const text = (y, line) =>
    `<text x="6" y="${y}" font-family="sans-serif" font-size="12" fill="#ddd">${line}</text>`;
  const caption = Buffer.from(
    `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${CAPTION}">` +
      `${text(16, `frame ${index}`)}${text(33, dscs.join(', '))}</svg>`,
  );
  const tile = await sharp(picture)
    .extend({ bottom: CAPTION, background: BACKGROUND })
    .composite([{ input: caption, left: 0, top: height }])
    .png()
    .toBuffer();
  tiles.push(tile);
  size = { width, height: height + CAPTION };
}

const device = await openDevice();
const tracker = await device.createTracker();
const image = await device.setImage(phantom.frame(0));
let objects = [];
for (const id of labels) {
  const point = { ...centreOf(phantom, id), label: 1 };
  objects.push({ id, mask: await image.predict({ points: [point] }) });
}
await image.close();
await tracker.start(phantom.frame(0), objects);
for (let index = 0; index <= Number(options.frames); index += 1) {
  if (index > 0) ({ objects } = await tracker.track(phantom.frame(index)));
  if (index % Number(options.every) === 0) await draw(index, objects);
}
await tracker.close();
await device.close();

await writeSheet(out, tiles, { ...size, columns: COLUMNS });
console.log(`written to ${out}`);
