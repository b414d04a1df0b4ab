/** Videos that ffmpeg wrote: every frame once, in order, and an error where the file ends early. */
import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'tap';
import { openSource } from '../../../src/io/sources/index.js';
import { collect } from '../../support/collect.js';

const skip = existsSync('/usr/bin/ffmpeg') ? false : 'no ffmpeg in /usr/bin';

/** Gray frames of one level each: frame f is 10 f. */
function encode(file: string, ...codec: string[]): void {
  const levels = "geq=lum='10*N'";
  const source = `color=black:size=32x16:rate=20:duration=1,format=gray,${levels}`;
  execFileSync('ffmpeg', ['-v', 'error', '-f', 'lavfi', '-i', source, ...codec, file]);
}

test('a lossless gray video comes as it was made', { skip }, async (t) => {
  const file = join(t.testdir(), 'video.bin');
  encode(file, '-c:v', 'ffv1', '-f', 'matroska');
  const source = await openSource(file);
  t.match(source.info, {
    kind: 'video',
    frames: 20,
    widthPx: 32,
    heightPx: 16,
    channels: 1,
    frameRateHz: 20,
    spacingMm: null,
  });
  const frames = await collect(source);
  t.same(
    frames.map(({ data }) => [data.length, data[0], data.at(-1)]),
    Array.from({ length: 20 }, (_, f) => [512, 10 * f, 10 * f]),
  );
  t.equal(frames[19].captureNs, 950_000_000n);
  t.equal((await collect(source, 3)).length, 3, 'it begins anew, and may be left early');
  await source.close();
  t.same(await collect(source), []);
});

test('an MP4 in colour comes as RGB', { skip }, async (t) => {
  const file = join(t.testdir(), 'video');
  encode(file, '-pix_fmt', 'yuv420p', '-c:v', 'mpeg4', '-q:v', '2', '-f', 'mp4');
  const source = await openSource(file, { loop: true });
  t.match(source.info, { channels: 3, frames: null });
  const frames = await collect(source, 25);
  t.equal(frames[4].data.length, 32 * 16 * 3);
  t.ok(Math.abs(frames[4].data[0] - 40) <= 8, 'a level of the coded range');
  t.ok(Math.abs(frames[24].data[0] - frames[4].data[0]) <= 2, 'the second round');
  await source.close();
});

test('a video that is cut gives its frames and then an error', { skip }, async (t) => {
  const file = join(t.testdir(), 'video.mkv');
  encode(file, '-c:v', 'ffv1');
  const bytes = await readFile(file);
  await writeFile(file, bytes.subarray(0, Math.floor(bytes.length * 0.7)));
  await t.rejects(
    openSource(file).then((source) => collect(source)),
    {
      code: 'SOURCE_INVALID',
      message: /after \d+ frames/,
    },
  );
  await writeFile(file, bytes.subarray(0, 40));
  await t.rejects(openSource(file), { code: 'SOURCE_INVALID' });
});
