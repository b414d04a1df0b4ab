/**
 * A picture of tracking: `node scripts/phantom-strip.mjs [OUT.png] [--frames 105] [--every 15]`.
 *
 * The phantom's chamber and cyst are clicked once on the first frame and followed; every so many frames one is drawn, with the
 * truth and what the tracker gave, and the DSC of each below it. No correction is made.
 */
import { renameSync } from 'node:fs';
import { parseArgs } from 'node:util';
import sharp from 'sharp';
import { dice, Mask, openDevice } from 'sonotrack';
import { outlinePng } from '../dist/eval/pictures.js';
import { Phantom } from '../dist/io/sources/phantom/phantom.js';
import { centreOf } from './picture-tools.mjs';

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
function truthOf(label, index) {
  const inside = phantom.truth(index).map((value) => Number(value === label));
  return Mask.fromBitmap(inside, widthPx, heightPx);
}

const tiles = [];
async function draw(index, objects) {
  const outlined = objects.map(({ id, mask }) => ({ id, truth: truthOf(id, index), answer: mask }));
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
  const input = await sharp(picture)
    .extend({ bottom: CAPTION, background: '#101418' })
    .composite([{ input: caption, left: 0, top: height }])
    .png()
    .toBuffer();
  tiles.push({ input, width, height: height + CAPTION });
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

const [{ width, height }] = tiles;
const sheet = {
  width: width * Math.min(COLUMNS, tiles.length),
  height: height * Math.ceil(tiles.length / COLUMNS),
  channels: 3,
  background: '#101418',
};
const partial = `${out}.partial`;
await sharp({ create: sheet })
  .composite(
    tiles.map(({ input }, i) => ({
      input,
      left: width * (i % COLUMNS),
      top: height * Math.floor(i / COLUMNS),
    })),
  )
  .png({ palette: true, compressionLevel: 9 })
  .toFile(partial);
renameSync(partial, out);
console.log(`written to ${out}`);
