import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test, type Test } from 'tap';
import { Comparator } from '../../../src/eval/comparator.js';
import { Mask } from '../../../src/sdk/mask.js';

/** A model in a process: `answer` is the body of a function of the question that gives its reply. */
async function start(t: Test, answer: string): Promise<Comparator> {
  const file = join(t.testdir(), 'model.mjs');
  await writeFile(
    file,
    `import { createInterface } from 'node:readline';
     const answer = (q) => { ${answer} };
     for await (const line of createInterface({ input: process.stdin }))
       console.log(JSON.stringify(answer(JSON.parse(line))));`,
  );
  const model = new Comparator(`"${process.execPath}" "${file}"`);
  t.teardown(() => model.close());
  return model;
}

const FRAME = {
  data: Uint8Array.of(1, 2, 3, 4, 5, 6),
  widthPx: 3,
  heightPx: 2,
  channels: 1,
} as const;

test('pixels and prompts go out, run lengths come back column by column', async (t) => {
  const model = await start(
    t,
    `if (q.type === 'image' && Buffer.from(q.data, 'base64').join() !== '1,2,3,4,5,6') return { error: 'pixels' };
     if (q.type !== 'predict') return {};
     if (q.points[0].x !== 1.5 || q.previous.counts.join() !== '0,6') return { error: JSON.stringify(q) };
     return { size: [2, 3], counts: [1, 2, 3] };`,
  );
  const image = await model.setImage(FRAME);
  const previous = Mask.fromBitmap(new Uint8Array(6).fill(1), 3, 2);
  const mask = await image.predict({ points: [{ x: 1.5, y: 0.5, label: 1 }], previous });
  t.same([...mask.toBitmap()], [0, 1, 0, 1, 0, 0]);
  await image.close();
});

test('an error, a wrong mask, no JSON and an early end are told', async (t) => {
  const refused = async (answer: string, message: RegExp): Promise<void> => {
    const model = await start(t, answer);
    const asked = model.setImage(FRAME).then((image) => image.predict({ box: [0, 0, 1, 1] }));
    await t.rejects(asked, { code: 'INFERENCE_FAILED', message });
  };
  await refused(`return { error: 'no weights' };`, /no weights/);
  await refused(`return { size: [3, 2], counts: [6] };`, /`size` \[2, 3\]/);
  await refused(`return { size: [2, 3], counts: [4] };`, /do not fill/);
  await refused(`return { size: [2, 3], counts: [-1, 9] };`, /do not fit/);
  await refused(`console.log('loading'); return {};`, /JSON object on a line.*loading/);
  await refused(`process.exit(3);`, /exit code 3/);
});
