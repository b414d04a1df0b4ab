/** What the commands write, in a process of its own, on frames of the phantom. */
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import sharp from 'sharp';
import { test } from 'tap';
import { Phantom, PHANTOM_LABELS } from '../../../src/io/sources/index.js';
import { runCli } from '../../support/cli.js';
import { centreOf } from '../../support/phantom.js';
import { modelsDir, skipOf } from '../engines.js';

const skip = skipOf('onnxruntime-node');
const MODELS = ['--models-dir', modelsDir];

/** A phantom's first frame as a PNG, and a point within its chamber. */
async function phantomImage(folder: string): Promise<{ file: string; point: string }> {
  const phantom = new Phantom({ seed: 3, widthPx: 240, heightPx: 180 });
  const { data, widthPx: width, heightPx: height } = phantom.frame(0);
  const file = join(folder, 'phantom.png');
  await sharp(data, { raw: { width, height, channels: 1 } })
    .toColourspace('b-w')
    .toFile(file);
  const { x, y } = centreOf(phantom, 0, PHANTOM_LABELS.chamber);
  return { file, point: `${x.toFixed(1)},${y.toFixed(1)},1` };
}

test('doctor finds a whole installation sound', { skip }, async (t) => {
  const { code, stdout } = await runCli('doctor', ...MODELS);
  t.equal(code, 0, stdout);
  t.match(stdout, /ok {4}models/);
  t.notMatch(stdout, /^fail/m);
});

test('models verify names every file of the bundle', { skip }, async (t) => {
  const { code, stdout } = await runCli('models', 'verify', modelsDir, '--json');
  t.equal(code, 0);
  t.ok(Object.keys(JSON.parse(stdout).manifest.files).length >= 5);
});

test('segment writes the mask and the overlay in the size of the image', { skip }, async (t) => {
  const folder = t.testdir();
  const { file, point } = await phantomImage(folder);
  const out = join(folder, 'mask.png');
  const overlay = join(folder, 'overlay.png');
  const run = await runCli(
    ...['segment', file, '--point', point, '--out', out, '--overlay', overlay],
    ...['--json', '--quiet', ...MODELS],
  );
  t.equal(run.code, 0, run.stderr);
  const value = JSON.parse(run.stdout);
  t.match(value, { widthPx: 240, heightPx: 180, areaMm2: null, files: { mask: out, overlay } });
  const { data, info } = await sharp(out)
    .toColourspace('b-w')
    .raw()
    .toBuffer({ resolveWithObject: true });
  t.match(info, { width: 240, height: 180 });
  t.equal(data.filter((v) => v === 255).length, value.areaPx);
  t.equal(data.filter((v) => v !== 255 && v !== 0).length, 0);
  t.match(await sharp(overlay).metadata(), { width: 240, height: 180, channels: 3 });
});

test(
  'a point outside of the image ends with exit code 2 and writes nothing',
  { skip },
  async (t) => {
    const folder = t.testdir();
    const { file } = await phantomImage(folder);
    const run = await runCli(
      ...['segment', file, '--point', '500,10', '--out', join(folder, 'mask.png'), '--quiet'],
      ...MODELS,
    );
    t.equal(run.code, 2);
    t.match(run.stderr, /`prompts.points\[0\].x` but received 500/);
    t.same(await readdir(folder), ['phantom.png']);
  },
);

test('a folder that cannot be written to ends with exit code 5', { skip }, async (t) => {
  const folder = t.testdir();
  const { file, point } = await phantomImage(folder);
  const out = join(folder, 'no', 'such', 'mask.png');
  const run = await runCli('segment', file, '--point', point, '--out', out, '--quiet', ...MODELS);
  t.equal(run.code, 5);
  t.match(run.stderr, /\[WRITE_FAILED\]/);
});

test('track writes a mask, an overlay and a row for every frame', { skip }, async (t) => {
  const folder = t.testdir();
  const phantom = new Phantom({ seed: 3, widthPx: 240, heightPx: 180 });
  const { x, y } = centreOf(phantom, 0, PHANTOM_LABELS.chamber);
  const out = join(folder, 'deep', 'result');
  const source = 'phantom:?seed=3&width=240&height=180&frames=4';
  const run = await runCli(
    ...['track', source, '--point', `${x},${y}`, '--out', out, '--json', '--quiet', ...MODELS],
  );
  t.equal(run.code, 0, run.stderr);
  t.match(JSON.parse(run.stdout), { frames: 4, object: 1, out, trackMs: { count: 3 } });
  const names = ['0000.png', '0001.png', '0002.png', '0003.png'];
  t.same((await readdir(join(out, 'masks'))).sort(), names);
  t.same((await readdir(join(out, 'overlay'))).sort(), names);
  t.same((await readdir(out)).sort(), ['areas.csv', 'masks', 'overlay']);
  const [header, ...rows] = (await readFile(join(out, 'areas.csv'), 'utf8')).trim().split('\n');
  t.equal(header, 'frame,timeS,object,areaPx,areaMm2,quality,status');
  t.equal(rows.length, 4);
  for (const [i, name] of names.entries()) {
    const mask = await sharp(join(out, 'masks', name))
      .toColourspace('b-w')
      .raw()
      .toBuffer();
    const [frame, timeS, object, areaPx, areaMm2] = rows[i].split(',').map(Number);
    t.same([frame, object], [i, 1]);
    t.ok(Math.abs(timeS - i / 30) < 1e-3);
    t.equal(mask.filter((v) => v === 1).length, areaPx);
    const { x: mmX, y: mmY } = phantom.spacingMm;
    t.ok(Math.abs(areaMm2 - areaPx * mmX * mmY) < 0.01);
  }
  t.same(await readdir(join(folder, 'deep')), ['result'], 'nothing else stays behind');

  const again = await runCli('track', source, '--point', `${x},${y}`, '--out', out, ...MODELS);
  t.equal(again.code, 2, 'results are never overwritten');
  t.match(again.stderr, /a new or empty folder/);
});

test('a cine that breaks off midway leaves nothing half-written', { skip }, async (t) => {
  const folder = t.testdir();
  const frames = join(folder, 'frames');
  await mkdir(frames);
  const { file, point } = await phantomImage(folder);
  const bytes = await readFile(file);
  await writeFile(join(frames, '1.png'), bytes);
  await writeFile(join(frames, '2.png'), bytes.subarray(0, bytes.length >> 1));
  const out = join(folder, 'result');
  const run = await runCli('track', frames, '--point', point, '--out', out, '--quiet', ...MODELS);
  t.equal(run.code, 3, run.stderr);
  t.match(run.stderr, /2\.png.*\[SOURCE_INVALID\]/);
  t.same((await readdir(folder)).sort(), ['frames', 'phantom.png']);
});

test('eval measures annotated images and writes all figures', { skip }, async (t) => {
  const folder = t.testdir();
  const phantom = new Phantom({ seed: 3, widthPx: 240, heightPx: 180 });
  const raw = { width: 240, height: 180, channels: 1 as const };
  for (const [sub, pixels] of [
    ['images', phantom.frame(0).data],
    ['masks', phantom.truth(0)],
  ] as const) {
    await mkdir(join(folder, 'data', sub), { recursive: true });
    await sharp(pixels, { raw })
      .toColourspace('b-w')
      .toFile(join(folder, 'data', sub, '0.png'));
  }
  const out = join(folder, 'out');
  const run = await runCli(
    ...['eval', join(folder, 'data'), '--out', out, '--clicks', '3', '--zoom', 'off'],
    ...['--baseline', modelsDir, '--json', '--quiet', ...MODELS],
  );
  t.equal(run.code, 0, run.stderr);
  const summary = JSON.parse(run.stdout);
  const written = JSON.parse(await readFile(join(out, 'eval.json'), 'utf8'));
  t.same(summary.sets, written.sets);
  t.match(written, { options: { clicks: 3, first: 'centroid', zoom: 'off' } });
  t.ok(written.objects.length >= 1);
  for (const object of written.objects) {
    t.equal(object.dsc.length, 3);
    t.ok(object.dsc.every((v: number) => v >= 0 && v <= 1));
  }
  t.equal(written.sets.data.dscByClick.length, 3);
  t.match(written.gate, { passed: true, sets: { data: { dsc: 0, clicks: 0 } } });
});

test(
  'eval tracks annotated clips, and pairs its objects with those of another run',
  { skip },
  async (t) => {
    const folder = t.testdir();
    const phantom = new Phantom({ seed: 3, widthPx: 240, heightPx: 180 });
    const raw = { width: 240, height: 180, channels: 1 as const };
    const save = async (pixels: Uint8Array, ...path: string[]): Promise<void> => {
      await mkdir(join(folder, 'data', ...path.slice(0, -1)), { recursive: true });
      await sharp(pixels, { raw })
        .toColourspace('b-w')
        .toFile(join(folder, 'data', ...path));
    };
    const chamber = (index: number): Uint8Array =>
      phantom.truth(index).map((value) => Number(value === PHANTOM_LABELS.chamber));
    for (const index of [0, 1, 2]) {
      await save(phantom.frame(index).data, 'cine', 'frames', `${index}.png`);
      await save(chamber(index), 'cine', 'masks', `${index}.png`);
    }
    await save(phantom.frame(0).data, 'still', 'images', '0.png');
    await save(chamber(0), 'still', 'masks', '0.png');
    const args = [
      'eval',
      join(folder, 'data'),
      '--clicks',
      '2',
      '--zoom',
      'off',
      '--quiet',
      ...MODELS,
    ];
    const out = join(folder, 'out');
    const run = await runCli(...args, '--out', out);
    t.equal(run.code, 0, run.stderr);
    t.same((await readdir(out)).sort(), ['eval.csv', 'eval.html', 'eval.json', 'eval.md', 'plots']);
    const written = JSON.parse(await readFile(join(out, 'eval.json'), 'utf8'));
    t.match(written.tracking.sets, { data: { clips: 1, objects: 1 } });
    t.equal(written.tracking.objects[0].trackedDsc.length, 2);
    t.equal(written.sets.still.intervals.dscByClick.length, 2);

    const again = join(folder, 'again');
    const compared = await runCli(...args, '--out', again, '--compare', join(out, 'eval.json'));
    t.equal(compared.code, 0, compared.stderr);
    const { comparison } = JSON.parse(await readFile(join(again, 'eval.json'), 'utf8'));
    t.match(comparison, { pairs: 1, sets: { all: { maxDsc: { mean: 0, interval: [0, 0] } } } });
  },
);
