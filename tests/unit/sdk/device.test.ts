import { test } from 'tap';
import { openDevice } from '../../../src/sdk/device.js';
import { fakeDevice } from '../../../src/sdk/fake-device.js';
import { writeBundle } from '../../support/bundle.js';
import { frame } from '../../support/frames.js';
import { rejection } from '../../support/rejection.js';

const CLICK = { points: [{ x: 8, y: 8, label: 1 as const }] };

test('options of openDevice are checked in full', async (t) => {
  const cases: [unknown, 'TypeError' | 'RangeError', RegExp][] = [
    [null, 'TypeError', /`options`/],
    [{ modelDir: 'x' }, 'TypeError', /did you mean `modelsDir`\?/],
    [{ engine: 'nativ' }, 'RangeError', /did you mean 'native'\?/],
    [{ engine: 1 }, 'TypeError', /`engine`/],
    [{ profile: 5 }, 'TypeError', /`profile`/],
    [{ modelsDir: '' }, 'RangeError', /`modelsDir`/],
  ];
  for (const [options, kind, message] of cases) {
    const error = await rejection(openDevice(options as never));
    t.equal(error.constructor.name, kind);
    t.match(error.message, message);
  }
});

test('an unknown profile and a missing bundle have codes of their own', async (t) => {
  t.equal((await rejection(openDevice({ profile: 'toaster' }))).code, 'PROFILE_NOT_FOUND');
  t.equal((await rejection(openDevice({ modelsDir: t.testdir() }))).code, 'MODEL_NOT_FOUND');
});

test('a graph that is none cannot be loaded, and its path is named', async (t) => {
  const modelsDir = writeBundle(t.testdir());
  const error = await rejection(openDevice({ modelsDir, engine: 'onnxruntime-node' }));
  t.equal(error.code, 'MODEL_LOAD_FAILED');
  t.match(error.message, /a\.onnx/);
  t.ok(error.cause instanceof Error);
});

test('setImage encodes once and predict decodes as often as asked', async (t) => {
  const { device, engine } = fakeDevice();
  const image = await device.setImage(frame(16, 16, { spacingMm: { x: 0.5, y: 0.5 }, id: 3 }));
  const mask = await image.predict(CLICK);
  await image.predict({ ...CLICK, previous: mask });
  t.same(engine.calls, ['setImage', 'predict', 'predict']);
  t.equal(image.frame.id, 3);
  t.equal(mask.areaMm2, mask.areaPx * 0.25);
  t.equal(mask.candidates, undefined);
});

test('multimask gives the candidates', async (t) => {
  const image = await fakeDevice().device.setImage(frame(16, 16));
  const { candidates } = await image.predict({ ...CLICK, multimask: true });
  t.equal(candidates?.length, 3);
});

test('frames without an id are counted', async (t) => {
  const { device } = fakeDevice();
  const ids = [];
  for (let i = 0; i < 3; i++) ids.push((await device.setImage(frame(4, 4))).frame.id);
  t.same(ids, [0, 1, 2]);
});

test('a wrong argument rejects and never throws', async (t) => {
  const { device } = fakeDevice();
  const rejected = device.setImage(null as never);
  t.ok((await rejection(rejected)) instanceof TypeError);
  t.ok((await rejection(device.createTracker({ maxObjects: 0 }))) instanceof RangeError);
  t.ok((await rejection(device.createTracker({ maxObjects: 11 }))) instanceof RangeError);
  t.match(
    (await rejection(device.createTracker({ maxObject: 1 } as never))).message,
    /did you mean `maxObjects`\?/,
  );
});

test('a closed device refuses work and can be closed again', async (t) => {
  const { device, engine } = fakeDevice();
  const image = await device.setImage(frame(16, 16));
  const tracker = await device.createTracker();
  await Promise.all([device.close(), device.close()]);
  await device.close();
  t.equal(engine.calls.filter((call) => call === 'close').length, 1);
  for (const call of [
    device.setImage(frame(4, 4)),
    device.createTracker(),
    image.predict(CLICK),
    tracker.track(frame(4, 4)),
    tracker.start(frame(4, 4), []),
  ]) {
    t.equal((await rejection(call)).code, 'DEVICE_CLOSED');
  }
  await image.close();
  await tracker.close();
});

test('close lets the work in flight settle', async (t) => {
  let release = (): void => undefined;
  const held = new Promise<void>((resolve) => (release = resolve));
  const { device } = fakeDevice({ before: (call) => (call === 'setImage' ? held : undefined) });
  const image = device.setImage(frame(16, 16));
  const closing = device.close();
  release();
  t.equal((await image).frame.widthPx, 16);
  await closing;
});

test('a closed image refuses predictions and can be closed again', async (t) => {
  const { device } = fakeDevice();
  const image = await device.setImage(frame(16, 16));
  await image.close();
  await image.close();
  t.equal((await rejection(image.predict(CLICK))).code, 'IMAGE_CLOSED');
  t.ok(await device.setImage(frame(16, 16)));
});

test('after a fault the device still works and closes', async (t) => {
  let broken = true;
  const { device } = fakeDevice({
    before: () => (broken ? Promise.reject(new Error('fault')) : undefined),
  });
  t.equal((await rejection(device.setImage(frame(4, 4)))).message, 'fault');
  broken = false;
  t.ok(await device.setImage(frame(4, 4)));
  await device.close();
});

test('devices, images and trackers can be disposed of', async (t) => {
  const { device } = fakeDevice();
  const image = await device.setImage(frame(4, 4));
  const tracker = await device.createTracker();
  await image[Symbol.asyncDispose]();
  await tracker[Symbol.asyncDispose]();
  await device[Symbol.asyncDispose]();
  t.equal((await rejection(device.setImage(frame(4, 4)))).code, 'DEVICE_CLOSED');
});
