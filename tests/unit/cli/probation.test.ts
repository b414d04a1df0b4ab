import { join } from 'node:path';
import { test } from 'tap';
import { Log } from '../../../src/cli/log.js';
import { Probation, PROBATION } from '../../../src/cli/probation.js';
import { RemoteModels } from '../../../src/cli/remote-models.js';
import type { RunningDevice } from '../../../src/cli/running-device.js';
import type { LiveResult } from '../../../src/live/types.js';
import { readTrustedKeys } from '../../../src/runtime/bundle-signature.js';
import { BundleStore } from '../../../src/runtime/bundle-store.js';
import { writeKeys, writeSignedBundle } from '../../support/signed-bundle.js';

const result = (trackMs: number, quality: number, more: Partial<LiveResult> = {}): LiveResult =>
  ({
    objects: [{ id: 1, quality }],
    timings: { totalMs: trackMs },
    revised: false,
    ...more,
  }) as LiveResult;

function watched(isOnTrial: boolean) {
  const told: string[] = [];
  const probation = new Probation({
    isOnTrial,
    onProven: () => told.push('proven'),
    onFailed: (reason) => told.push(reason),
  });
  const frames = (count: number, trackMs: number, quality: number): void => {
    for (let i = 0; i < count; i += 1) probation.onResult(result(trackMs, quality));
  };
  return { probation, told, frames };
}

test('models on trial prove themselves once, by tracked frames alone', (t) => {
  const { probation, told, frames } = watched(true);
  frames(PROBATION.frames - 1, 10, 0.9);
  probation.onResult(result(10, 0.9, { revised: true }));
  probation.onResult(result(10, 0.9, { timings: null }));
  probation.onResult(result(10, 0.9, { objects: [] }));
  t.same(told, []);
  frames(2 * PROBATION.frames, 10, 0.9);
  t.same(told, ['proven']);
  t.end();
});

test('models that are not on trial are left alone', (t) => {
  const { probation, told, frames } = watched(false);
  for (let i = 0; i < 9; i += 1) probation.onNotice({ kind: 'fault', message: 'x' });
  frames(2 * PROBATION.frames, 10, 0.1);
  t.same(told, []);
  t.end();
});

test('new models are held against those before', (t) => {
  for (const [trackMs, quality, expected] of [
    [15, 0.9, 'proven'],
    [15.1, 0.9, 'a frame takes 15.1 ms, with the models before 10.0 ms'],
    [10, 0.81, 'proven'],
    [10, 0.79, 'the mean quality is 0.79, with the models before 0.90'],
  ] as const) {
    for (const before of [PROBATION.leastFrames, PROBATION.frames + 3]) {
      const { probation, told, frames } = watched(false);
      frames(before, 10, 0.9);
      probation.restart();
      frames(PROBATION.frames, trackMs, quality);
      t.same(told, [expected], `after ${before} frames`);
    }
  }
  const { probation, told, frames } = watched(false);
  frames(PROBATION.leastFrames - 1, 1, 0.9);
  probation.restart();
  frames(PROBATION.frames, 30, 0.5);
  t.same(told, ['proven'], 'a few frames are no measure');
  t.end();
});

test('faults end a trial at once, and only once', (t) => {
  const { probation, told } = watched(true);
  probation.onNotice({ kind: 'restarted', message: 'tracking goes on' });
  for (let i = 0; i < 5; i += 1) probation.onNotice({ kind: 'fault', message: 'not finite' });
  t.same(told, ['3 faults, the last: not finite']);
  t.end();
});

test('models that fail give way to those before, which then stay', async (t) => {
  const dir = t.testdir();
  const keys = writeKeys(dir);
  const store = new BundleStore(join(dir, 'store'), await readTrustedKeys([keys.publicFile]));
  for (const version of ['1.0.0', '2.0.0']) {
    await store.install(await writeSignedBundle(join(dir, version), version, keys));
  }
  let told: () => void = () => undefined;
  const used: (string | undefined)[] = [];
  const running = {
    async useModels(folder?: string) {
      used.push(folder);
      told();
    },
  } as unknown as RunningDevice;
  const log = new Log('silent');
  const models = new RemoteModels(store, dir, running);
  const probation = await models.probation(log);
  const inUse = async () => (await store.open()).bundle.manifest.version;
  const fail = async () => {
    const changed = new Promise<void>((resolve) => (told = resolve));
    for (let i = 0; i < PROBATION.faults; i += 1) {
      probation.onNotice({ kind: 'fault', message: 'not finite' });
    }
    await Promise.race([changed, new Promise((resolve) => setTimeout(resolve, 200))]);
  };
  await fail();
  t.equal(await inUse(), '1.0.0');
  t.equal(used.length, 1);
  probation.restart();
  await fail();
  t.equal(await inUse(), '1.0.0', 'what is proven does not give way');
  t.equal(used.length, 1);
});
