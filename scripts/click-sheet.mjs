/**
 * Makes a sheet of pictures from an evaluation: objects with their clicks, truth and answer.
 *
 *   node scripts/click-sheet.mjs EVAL.json DATA OUT.png [--sets a,b] [--count 40] [--worst] [--at 3]
 *
 * EVAL.json is what `sonotrack eval DATA` wrote. The clicks recorded there are given again, one after the other, to the
 * models at hand. Without --worst the objects are spread over the sets and their DSC; with it, those of lowest DSC.
 * Name only sets whose licence allows to publish pictures.
 */
import { readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import sharp from 'sharp';
import { dice, openDevice } from 'sonotrack';
import { findDataSets, readExample } from '../dist/eval/dataset.js';
import { BACKGROUND, writeSheet } from './picture-tools.mjs';

const { values: options, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    sets: { type: 'string' },
    count: { type: 'string', default: '40' },
    at: { type: 'string', default: '3' },
    worst: { type: 'boolean', default: false },
  },
});
const [evalFile, data, out] = positionals;
if (!out)
  throw new Error('usage: node scripts/click-sheet.mjs EVAL.json DATA OUT.png [--sets a,b]');
const clicks = Number(options.at);
const [TILE, CAPTION, COLUMNS] = [224, 22, 8];
const COLOUR = {
  truth: '#4dd2ff',
  answer: '#ffb000',
  foreground: '#3ddc84',
  background: '#ff4d6d',
};

const sets = options.sets?.split(',');
const all = JSON.parse(readFileSync(evalFile, 'utf8')).objects.filter(
  ({ set }) => !sets || sets.includes(set),
);
const after = ({ dsc }) => dsc[Math.min(clicks, dsc.length) - 1];

/** The objects of lowest DSC, or as many from each set, evenly from its worst to its best. */
function choose(count) {
  const ordered = [...all].sort((a, b) => after(a) - after(b));
  if (options.worst) return ordered.slice(0, count);
  const names = [...new Set(ordered.map(({ set }) => set))].sort();
  return names.flatMap((name, i) => {
    const own = ordered.filter(({ set }) => set === name);
    const share =
      Math.floor(((i + 1) * count) / names.length) - Math.floor((i * count) / names.length);
    return Array.from(
      { length: Math.min(share, own.length) },
      (_, k) => own[Math.round((k * (own.length - 1)) / Math.max(share - 1, 1))],
    );
  });
}

const dataSets = await findDataSets(data);

const path = (mask, scale) =>
  mask
    .contours()
    .map((c) => `M${Array.from(c, (v) => (v * scale).toFixed(1)).join(' ')}Z`)
    .join('');

async function tile(device, object) {
  const set = dataSets.find(({ name }) => name === object.set);
  const { frame, objects } = await readExample(set, `${object.id}.png`);
  const { truth } = objects.find(({ label }) => label === object.label);
  const { widthPx: width, heightPx: height, channels } = frame;
  const image = await device.setImage(frame);
  const points = object.points
    .slice(0, clicks)
    .map(([x, y], k) => ({ x, y, label: object.clicks[k].label }));
  let answer;
  for (let k = 1; k <= points.length; k++) {
    answer = await image.predict({
      points: points.slice(0, k),
      ...(answer && { previous: answer }),
    });
  }
  await image.close();
  const scale = TILE / Math.max(width, height);
  const dots = points.map(
    ({ x, y, label }) =>
      `<circle cx="${x * scale}" cy="${y * scale}" r="3.5" stroke="#000" fill="${label ? COLOUR.foreground : COLOUR.background}"/>`,
  );
  const caption = `${object.set} ${object.id.slice(0, 14)}:${object.label}  ${dice(truth, answer).toFixed(3)}`;
  const svg = `<svg xmlns="http://www.w3.org/2000/svg" width="${TILE}" height="${TILE + CAPTION}">
    <g fill="none" stroke-width="1.5"><path d="${path(truth, scale)}" stroke="${COLOUR.truth}"/>
    <path d="${path(answer, scale)}" stroke="${COLOUR.answer}"/></g>${dots.join('')}
    <text x="4" y="${TILE + 15}" font-family="sans-serif" font-size="11" fill="#ddd">${caption}</text></svg>`;
  const picture = await sharp(frame.data, { raw: { width, height, channels } })
    .resize(Math.round(width * scale), Math.round(height * scale), { fit: 'fill' })
    .toColourspace('srgb')
    .png()
    .toBuffer();
  const canvas = { width: TILE, height: TILE + CAPTION, channels: 3, background: BACKGROUND };
  return sharp({ create: canvas })
    .composite([
      { input: picture, left: 0, top: 0 },
      { input: Buffer.from(svg), left: 0, top: 0 },
    ])
    .png()
    .toBuffer();
}

const chosen = choose(Number(options.count));
const device = await openDevice();
const tiles = [];
for (const object of chosen) tiles.push(await tile(device, object));
await device.close();
await writeSheet(out, tiles, { width: TILE, height: TILE + CAPTION, columns: COLUMNS });
console.log(
  `${tiles.length} objects, clicks ${COLOUR.foreground}/${COLOUR.background}, written ${out}`,
);
