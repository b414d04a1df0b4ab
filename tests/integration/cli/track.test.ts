/** `track` on a volume, and with the simulated expert, in a process of its own. */
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import sharp from 'sharp';
import { test } from 'tap';
import { openLabels } from '../../../src/eval/label-source.js';
import { openSource, Phantom } from '../../../src/io/sources/index.js';
import { dice } from '../../../src/sdk/index.js';
import { runCli } from '../../support/cli.js';
import { ellipsoidVolume } from '../../support/ellipsoid.js';
import { modelsDir, skipOf } from '../engines.js';

const skip = skipOf('onnxruntime-node');
const MODELS = ['--models-dir', modelsDir];

test('a volume is followed from its middle slice to both ends', { skip }, async (t) => {
  const folder = t.testdir();
  const { nifti, truth, slices, sliceSize, point, volumeMm3 } = ellipsoidVolume();
  const file = join(folder, 'volume.nii');
  await writeFile(file, nifti);
  const out = join(folder, 'result');
  const run = await runCli(
    ...['track', file, '--point', point, '--out', out, '--json', '--quiet', ...MODELS],
  );
  t.equal(run.code, 0, run.stderr);
  const summary = JSON.parse(run.stdout);
  t.match(summary, { frames: slices, startFrame: slices / 2, trackMs: { count: slices - 1 } });
  t.same((await readdir(out)).sort(), ['areas.csv', 'masks', 'masks.nii.gz', 'overlay']);
  t.equal((await readdir(join(out, 'masks'))).length, slices);

  const [source, written] = [await openSource(file), await openSource(join(out, 'masks.nii.gz'))];
  t.same(written.info.volume, source.info.volume, 'it lies where the volume lay');
  t.same(written.info.spacingMm, source.info.spacingMm);
  const labels = await openLabels(join(out, 'masks.nii.gz'), source.info);
  const found = new Uint8Array(truth.length);
  for (let i = 0; i < slices; i++) found.set((await labels.mapAt(i)).labels, i * sliceSize);
  const dsc = dice(truth, found);
  t.comment(`DSC of the volume ${dsc.toFixed(3)}`);
  t.ok(dsc >= 0.85, `DSC of the volume ${dsc.toFixed(3)}`);
  t.ok(Math.abs(summary.volumeMm3 / volumeMm3 - 1) < 0.25, `${summary.volumeMm3} mm³`);
  for (const opened of [source, written, labels]) await opened.close();

  const [, ...rows] = (await readFile(join(out, 'areas.csv'), 'utf8')).trim().split('\n');
  t.same(
    rows.map((row) => row.split(',').slice(0, 3)),
    Array.from({ length: slices }, (_, i) => [String(i), '', '1']),
    'in order of the slices, without a time',
  );
});

test('what a volume does not allow is refused', { skip }, async (t) => {
  const folder = t.testdir();
  const { nifti } = ellipsoidVolume();
  const file = join(folder, 'volume.nii');
  const out = join(folder, 'result');
  await writeFile(file, nifti);
  const args = ['--point', '9,9', '--out', out, '--quiet', ...MODELS];
  const beyond = await runCli('track', file, '--from-slice', '24', ...args);
  t.equal(beyond.code, 2);
  t.match(beyond.stderr, /from 0 to 23 for `--from-slice`/);

  const video = await runCli('track', file, ...args, '--write', 'video');
  t.equal(video.code, 2);
  t.match(video.stderr, /--from-slice 0 with --write video/);

  const overTime = Buffer.from(nifti);
  [4, 128, 112, 12, 2].forEach((size, i) => overTime.writeInt16LE(size, 40 + 2 * i));
  await writeFile(file, overTime);
  const { code, stderr } = await runCli('track', file, ...args);
  t.equal(code, 3);
  t.match(stderr, /one volume, or pictures over time.*received 2 volumes/);
  t.same(await readdir(folder), ['volume.nii']);
});

test('the simulated expert marks, corrects and counts', { skip }, async (t) => {
  const folder = t.testdir();
  const phantom = new Phantom({ seed: 3, widthPx: 240, heightPx: 180 });
  const masks = join(folder, 'masks');
  await mkdir(masks);
  for (let i = 0; i < 4; i++) {
    await sharp(phantom.truth(i), { raw: { width: 240, height: 180, channels: 1 } })
      .toColourspace('b-w')
      .toFile(join(masks, `${i}.png`));
  }
  const out = join(folder, 'result');
  const source = 'phantom:?seed=3&width=240&height=180&frames=4';
  const run = await runCli(
    ...['track', source, '--interactive-gt', masks, '--out', out, '--json', '--quiet', ...MODELS],
  );
  t.equal(run.code, 0, run.stderr);
  const { out: written, ...summary } = JSON.parse(run.stdout);
  t.equal(written, out);
  t.same(JSON.parse(await readFile(join(out, 'interventions.json'), 'utf8')), summary);
  t.match(summary, {
    frames: 4,
    startFrame: 0,
    expert: { startDsc: 0.95, goodDsc: 0.9, clicks: 5 },
    labelsNotFollowed: [],
  });
  const labels = [...new Set(phantom.truth(0))].filter(Boolean).sort((a, b) => a - b);
  t.same(
    summary.objects.map(({ label }: { label: number }) => label),
    labels,
  );
  const { overall, objects } = summary;
  t.equal(overall.objects, labels.length);
  for (const { frames, startClicks, clicks, correctiveClicks, interventionsAt } of objects) {
    t.equal(frames, 3);
    t.ok(startClicks >= 1 && startClicks <= 5);
    t.equal(clicks, startClicks + correctiveClicks);
    for (const { frame, dscBefore, clicks: spent } of interventionsAt) {
      t.ok(frame >= 1 && frame <= 3 && dscBefore < 0.9 && spent >= 1 && spent <= 5);
    }
  }
  t.equal(
    overall.clicksPerLoop,
    objects.reduce((sum: number, { clicks }: { clicks: number }) => sum + clicks, 0),
  );
  const best = Math.max(...objects.map(({ finalDsc }: { finalDsc: number }) => finalDsc));
  t.ok(best > 0.9, `the best object's final DSC ${best.toFixed(3)}`);

  // What is written is what the expert left: its overlap with the truth is the figure that was told.
  const [first] = objects;
  const dsc: number[] = [];
  for (let i = 1; i < 4; i++) {
    const map = await sharp(join(out, 'masks', `000${i}.png`))
      .toColourspace('b-w')
      .raw()
      .toBuffer();
    const own = (label: number) => Uint8Array.from(map, (v) => Number(v === label));
    const truth = phantom.truth(i).map((v) => Number(v === first.label));
    dsc.push(dice(truth, own(first.label)));
  }
  t.ok(Math.abs(dsc.reduce((a, b) => a + b) / 3 - first.finalDsc) < 0.02);
});

test('label maps that do not fit the source end with exit code 3', { skip }, async (t) => {
  const folder = t.testdir();
  const { truthNifti } = ellipsoidVolume();
  const file = join(folder, 'labels.nii');
  await writeFile(file, truthNifti);
  const { code, stderr } = await runCli('track', 'phantom:?frames=3', '--interactive-gt', file);
  t.equal(code, 3);
  t.match(
    stderr,
    /a label map of 480 × 360 px for each of 3 frames .* received 24 of 128 × 112 px/,
  );
});
