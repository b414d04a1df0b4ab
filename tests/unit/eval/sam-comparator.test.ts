import { PassThrough } from 'node:stream';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { test, type Test } from 'tap';
import { answerComparator } from '../../../src/eval/comparator-process.js';
import { Comparator } from '../../../src/eval/comparator.js';
import { openSamComparator } from '../../../src/eval/sam-comparator.js';
import { chosenMask } from '../../../src/runtime/fallback/sam.js';
import { packageRoot } from '../../../src/runtime/package-info.js';
import { join } from 'node:path';

/** Made by tests/support/sam_onnx.py, which says what they answer. */
const fixture = (name: string): string => join(packageRoot(), 'tests', 'support', name);
const [ENCODER, DECODER] = [fixture('sam-encoder.onnx'), fixture('sam-decoder.onnx')];
const MAIN = fileURLToPath(new URL('../../../src/cli/main.js', import.meta.url));

/** 512 × 256 px, half the encoder's square: a disc of 100 px there has 50 px here. */
const [W, H] = [512, 256];
const gray = (level: number) => ({
  data: new Uint8Array(W * H).fill(level),
  widthPx: W,
  heightPx: H,
  channels: 1 as const,
});

function start(t: Test): Comparator {
  const model = new Comparator(
    `"${process.execPath}" "${MAIN}" comparator sam --encoder "${ENCODER}" --decoder "${DECODER}"`,
  );
  t.teardown(() => model.close());
  return model;
}

test('clicks and boxes come out where they were put', async (t) => {
  const image = await start(t).setImage(gray(124));
  const disc = await image.predict({ points: [{ x: 200.5, y: 100.5, label: 1 }] });
  t.same(disc.box, [150, 50, 251, 151], 'around pixel 200, 100');
  const two = await image.predict({
    points: [
      { x: 200.5, y: 100.5, label: 1 },
      { x: 400.5, y: 100.5, label: 1 },
      { x: 300.5, y: 100.5, label: 0 },
    ],
    previous: disc,
  });
  t.same(two.box, [150, 50, 451, 151]);
  const box = await image.predict({ box: [10, 20, 110, 60] });
  t.same(box.box, [10, 20, 110, 60]);
  t.equal(box.areaPx, 100 * 40);
  await image.close();
});

test('the encoder sees the picture normalised and padded', async (t) => {
  const model = start(t);
  const areas: number[] = [];
  for (const level of [0, 255]) {
    const image = await model.setImage(gray(level));
    const { areaPx } = await image.predict({ points: [{ x: 200.5, y: 100.5, label: 1 }] });
    areas.push(areaPx);
  }
  // Half of the square is padding; black is −2.0 and white 2.4 deviations from the mean.
  const radius = (mean: number): number => (100 + mean / 2) / 2;
  const expected = [-1.99, 2.4].map((mean) => Math.PI * radius(mean) ** 2);
  areas.forEach((area, i) => t.ok(Math.abs(area / expected[i] - 1) < 0.01, `${area} px`));
});

test("the model's own logits go back with the next click, and no others", async (t) => {
  const model = await openSamComparator(ENCODER, DECODER, 1);
  const held = await model.setImage(gray(0));
  const points = [{ x: 200.5, y: 100.5, label: 1 as const }];
  await model.predict(held, { points, box: null, previous: null });
  t.equal(held.last?.lowRes[0], 1, 'the decoder adds one to what it was given, nothing');
  const counts = String(held.last?.counts).split(',').map(Number);
  await model.predict(held, { points, box: null, previous: { counts } });
  t.equal(held.last?.lowRes[0], 2, 'its own answer');
  await model.predict(held, { points, box: null, previous: { counts: [W * H] } });
  t.equal(held.last?.lowRes[0], 1, 'a mask that it never gave');
});

test('of four masks the first is for prompts that leave no doubt', async (t) => {
  const scores = Float32Array.of(0.9, 0.2, 0.8, 0.5);
  t.equal(chosenMask(scores, 2), 2, 'one click and the padding');
  t.equal(chosenMask(scores, 3), 0);
  t.equal(chosenMask(Float32Array.of(0.1, 0.9, 0.3), 2), 1);
  t.equal(chosenMask(Float32Array.of(0.4), 5), 0);
});

test('graphs of another layout are refused', async (t) => {
  const refused = { code: 'MODEL_LOAD_FAILED' };
  await t.rejects(openSamComparator(DECODER, DECODER, 1), {
    ...refused,
    message: /as input|output/,
  });
  await t.rejects(openSamComparator(ENCODER, ENCODER, 1), {
    ...refused,
    message: /no input `image_embeddings`/,
  });
});

test('a question that cannot be answered is told, and the next one taken', async (t) => {
  const [input, output] = [new PassThrough(), new PassThrough()];
  const lines = createInterface({ input: output })[Symbol.asyncIterator]();
  const model = {
    setImage: async () => 1,
    predict: async () => Uint8Array.of(0, 1),
  };
  const done = answerComparator(model, input, output);
  const ask = async (line: string): Promise<unknown> => {
    input.write(`${line}\n`);
    return JSON.parse((await lines.next()).value as string);
  };
  t.match(await ask('nonsense'), { error: /JSON/ });
  const predict = '{"type":"predict","image":0,"points":[],"box":null,"previous":null}';
  t.same(await ask(predict), { error: 'image 0 was not given' });
  await ask('{"type":"image","image":0,"widthPx":2,"heightPx":1,"channels":1,"data":"AAA="}');
  t.same(await ask(predict), { size: [1, 2], counts: [1, 1] });
  t.same(await ask('{"type":"close","image":0}'), {});
  t.same(await ask(predict), { error: 'image 0 was not given' });
  input.end();
  await done;
});
