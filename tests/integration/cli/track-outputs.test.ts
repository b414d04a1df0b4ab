/** `track --write`: the files of a DICOM cine and of a volume, read back. */
import { existsSync } from 'node:fs';
import { readFile, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'tap';
import { openSource, Phantom, PHANTOM_LABELS } from '../../../src/io/sources/index.js';
import { NiftiWriter } from '../../../src/io/writers/nifti.js';
import { runCli } from '../../support/cli.js';
import { collect } from '../../support/collect.js';
import { dicomFile, region } from '../../support/dicom.js';
import { centreOf } from '../../support/phantom.js';
import { modelsDir, skipOf } from '../engines.js';

const skip = skipOf('onnxruntime-node');
const noVideo = existsSync('/usr/bin/ffmpeg') ? false : 'no ffmpeg in /usr/bin';
const FRAMES = 4;

const phantom = new Phantom({ seed: 3, widthPx: 241, heightPx: 180 });
const { x, y } = centreOf(phantom, 0, PHANTOM_LABELS.chamber);
const track = (source: string, out: string, ...kinds: string[]) =>
  runCli(
    ...['track', source, '--point', `${x.toFixed(1)},${y.toFixed(1)}`, '--out', out],
    ...['--quiet', '--models-dir', modelsDir, '--write', ...kinds],
  );
const frames = Array.from({ length: FRAMES }, (_, i) => phantom.frame(i).data);

/** Foreground pixels of each frame, of the label maps that `track` writes in any case. */
async function areas(folder: string): Promise<number[]> {
  const masks = await collect(await openSource(join(folder, 'masks')));
  return masks.map(({ data }) => data.reduce((sum, value) => sum + Math.min(1, value), 0));
}

test(
  'a DICOM cine gives a segmentation, COCO, a video and a page',
  { skip: skip || noVideo },
  async (t) => {
    const folder = t.testdir();
    const cine = join(folder, 'cine');
    await writeFile(
      cine,
      dicomFile({
        widthPx: 241,
        heightPx: 180,
        frames: FRAMES,
        elements: [
          ['00181063', 'DS', '40'],
          ['00186011', 'SQ', [region({ box: [0, 0, 240, 179] })]],
        ],
        pixels: Buffer.concat(frames),
      }),
    );
    const out = join(folder, 'out');
    const run = await track(cine, out, 'seg', 'coco', 'video', 'report');
    t.equal(run.code, 0, run.stderr);
    t.same((await readdir(out)).sort(), [
      ...['areas.csv', 'masks', 'masks.dcm', 'masks.json', 'overlay', 'overlay.mp4', 'report.html'],
    ]);
    const coco = JSON.parse(await readFile(join(out, 'masks.json'), 'utf8'));
    t.same(
      coco.annotations.map(({ area }: { area: number }) => area),
      await areas(out),
    );
    const video = await openSource(join(out, 'overlay.mp4'));
    t.match(video.info, { frames: FRAMES, widthPx: 242, heightPx: 180, frameRateHz: 25 });
    t.equal((await collect(video)).length, FRAMES);
    const page = await readFile(join(out, 'report.html'), 'utf8');
    t.ok(page.includes('mm²'));
    t.ok(page.includes('data:image/png;base64,'));
    const withoutPictures = page.replace(/base64,[^"]*/g, '');
    t.notMatch(withoutPictures, /Doe|SECRET|https?:/);
    const seg = await readFile(join(out, 'masks.dcm'));
    t.equal(seg.toString('latin1', 128, 132), 'DICM');
  },
);

test(
  'a volume gives a volume of labels in its place; a segmentation needs DICOM',
  { skip },
  async (t) => {
    const folder = t.testdir();
    const path = join(folder, 'volume.nii');
    const affine = [0, 0, 2, 1, -0.5, 0, 0, 2, 0, -0.25, 0, 3, 0, 0, 0, 1];
    const writer = await NiftiWriter.create(path, {
      widthPx: 241,
      heightPx: 180,
      spacingMm: { x: 0.5, y: 0.25 },
      frameRateHz: null,
      volume: { slices: FRAMES, sliceSpacingMm: 2, affine },
    });
    for (const frame of frames) await writer.write(frame);
    await writer.finish();
    const out = join(folder, 'out');
    const run = await track(path, out, 'nifti');
    t.equal(run.code, 0, run.stderr);
    const masks = await openSource(join(out, 'masks.nii.gz'));
    t.match(masks.info, { frames: FRAMES, spacingMm: { x: 0.5, y: 0.25 }, volume: { affine } });
    t.same(
      (await collect(masks)).map(({ data }) => data.reduce((sum, value) => sum + value, 0)),
      await areas(out),
    );
    const refused = await track(path, join(folder, 'other'), 'seg');
    t.equal(refused.code, 2);
    t.match(refused.stderr, /expected a DICOM source for `--write seg`/);
    t.notOk(existsSync(join(folder, 'other')));
  },
);
