import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import sharp from 'sharp';
import { test, type Test } from 'tap';
import { Annotator } from '../../../src/annotate/annotator.js';
import { findClipFiles } from '../../../src/annotate/clip-folder.js';
import { readLabelMap } from '../../../src/eval/label-png.js';
import type { Session } from '../../../src/live/types.js';
import { fakeDevice } from '../../../src/sdk/fake-device.js';

const SIDE = 40;

/** A folder of clips of three frames, named. */
async function clipsIn(t: Test, ...names: string[]): Promise<string> {
  const folder = t.testdir();
  for (const name of names) {
    await mkdir(join(folder, name, 'frames'), { recursive: true });
    for (const i of [1, 2, 10]) {
      const raw = { width: SIDE, height: SIDE, channels: 1 } as const;
      const data = new Uint8Array(SIDE * SIDE).fill(i);
      await sharp(data, { raw })
        .png()
        .toFile(join(folder, name, 'frames', `${i}.png`));
    }
  }
  return folder;
}

async function start(
  folder: string,
  memoryMiB = 16,
): Promise<{ annotator: Annotator; session: () => Session }> {
  const out = join(folder, 'annotations');
  let current: Session | null = null;
  const annotator = await Annotator.start({
    device: fakeDevice().device,
    clips: await findClipFiles(folder, out),
    out,
    memoryMiB,
    publishers: [],
    onOpen: (session) => (current = session),
  });
  return { annotator, session: () => current as unknown as Session };
}

test('clips are folders of images and readable files, in natural order, but not the results', async (t) => {
  const folder = await clipsIn(t, 'b10', 'b2');
  await mkdir(join(folder, 'annotations', 'x'), { recursive: true });
  await mkdir(join(folder, 'notes'));
  await writeFile(join(folder, 'notes.txt'), 'nothing');
  await sharp(Buffer.alloc(4), { raw: { width: 2, height: 2, channels: 1 } })
    .png()
    .toFile(join(folder, 'b2.png'));
  const clips = await findClipFiles(folder, join(folder, 'annotations'));
  t.same(
    clips.map(({ name, frameNames }) => [name, frameNames]),
    [
      ['b2', ['1', '2', '10']],
      ['b2.png', null],
      ['b10', ['1', '2', '10']],
    ],
  );
  await t.rejects(findClipFiles(join(folder, 'notes'), folder), { code: 'SOURCE_INVALID' });
  await t.rejects(findClipFiles(join(folder, 'none'), folder), { code: 'SOURCE_NOT_FOUND' });
});

test('a click is tracked through the clip and saved, accepted, and the next clip opens', async (t) => {
  const folder = await clipsIn(t, 'a', 'b');
  const { annotator, session } = await start(folder);
  t.match(annotator.state, { current: 0, frames: 3, isDone: false });
  await session().prompt({ frameId: 1, point: { x: 20.5, y: 20.5, label: 1 } });
  await annotator.accept();
  t.match(annotator.state, {
    current: 1,
    clips: [
      { name: 'a', state: 'accepted', clicks: 1 },
      { name: 'b', state: 'open', clicks: 0 },
    ],
  });
  const masks = join(folder, 'annotations', 'a', 'masks');
  t.same((await readdir(masks)).sort(), ['1.png', '10.png', '2.png']);
  const marked = async (name: string): Promise<boolean> =>
    (await readLabelMap(join(masks, name))).labels.includes(1);
  t.equal(await marked('1.png'), false, 'before the click');
  t.ok((await marked('2.png')) && (await marked('10.png')));
  await annotator.accept();
  t.ok(annotator.state.isDone, 'a clip without an object may be accepted');
  await annotator.close();
});

test('what was done is done again: prompts, undo, removal and names', async (t) => {
  const folder = await clipsIn(t, 'a');
  const before = await start(folder);
  const session = before.session();
  await session.prompt({ frameId: 0, point: { x: 10.5, y: 10.5, label: 1 } });
  await session.prompt({ frameId: 0, point: { x: 30.5, y: 30.5, label: 1 }, objectId: null });
  await session.prompt({ frameId: 0, point: { x: 20.5, y: 5.5, label: 1 }, objectId: null });
  await session.undo();
  await session.remove(1);
  await session.label(2, { name: 'LV' });
  await t.rejects(session.remove(7), { code: 'UNKNOWN_OBJECT' }, 'what was refused is not kept');
  await session.goLive();
  t.equal(session.status.state, 'frozen', 'it stays on the clip');
  await before.annotator.close();
  const saved = JSON.parse(
    await readFile(join(folder, 'annotations', 'a', 'annotation.json'), 'utf8'),
  );
  t.equal(saved.commands.length, 6);

  const masks = join(folder, 'annotations', 'a', 'masks');
  const half = '.1.png.77-ab.tmp';
  await writeFile(join(masks, half), 'half');
  const after = await start(folder);
  t.notOk((await readdir(masks)).includes(half), 'what was half-written goes');
  t.match(after.session().status.objects, [{ id: 2, name: 'LV' }]);
  t.equal(after.annotator.state.clips[0].clicks, 3);
  await after.annotator.close();
  t.same((await readdir(masks)).sort(), ['1.png', '10.png', '2.png']);
  t.ok((await readLabelMap(join(masks, '10.png'))).labels.includes(2));
});

test('an annotation that is none, and a clip that is too large, are told', async (t) => {
  const folder = await clipsIn(t, 'a');
  const file = join(folder, 'annotations', 'a', 'annotation.json');
  await mkdir(join(folder, 'annotations', 'a'), { recursive: true });
  await writeFile(file, '{"version":9}');
  await t.rejects(start(folder), { code: 'SOURCE_INVALID', message: /annotation\.json/ });

  const large = join(folder, 'large');
  await mkdir(join(large, 'clip'), { recursive: true });
  const raw = { width: 1000, height: 1000, channels: 1 } as const;
  for (const name of ['0.png', '1.png']) {
    await sharp(Buffer.alloc(1e6), { raw })
      .png()
      .toFile(join(large, 'clip', name));
  }
  const refused = { code: 'SOURCE_UNSUPPORTED', message: /does not fit into 1 MiB/ };
  await t.rejects(start(large, 1), refused);
});
