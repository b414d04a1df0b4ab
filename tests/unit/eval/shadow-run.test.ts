import { test } from 'tap';
import { judgeShadowRun, shadowRun } from '../../../src/eval/shadow-run.js';
import { fakeDevice } from '../../../src/sdk/fake-device.js';
import type { Operator } from '../../../src/sdk/follow.js';
import { Mask } from '../../../src/sdk/mask.js';
import { disc } from '../../support/frames.js';
import { recording } from '../../support/recording.js';
import { rejection } from '../../support/rejection.js';

const SIDE = 12;
const mask = (x: number): Mask => Mask.fromBitmap(disc(SIDE, SIDE, [x, 6, 3]), SIDE, SIDE);
const marking =
  (...masks: Mask[]) =>
  (): Operator => {
    let marked = 0;
    return { start: async () => [{ id: 1, mask: masks[marked++ % masks.length] }] };
  };

test('two devices follow the same cine, and their masks are compared frame by frame', async (t) => {
  let open = 0;
  const source = () => {
    const opened = recording(5, SIDE, SIDE);
    open += 1;
    return {
      info: opened.info,
      [Symbol.asyncIterator]: () => opened[Symbol.asyncIterator](),
      close: async () => void (open -= 1),
    };
  };
  const same = await shadowRun(
    fakeDevice().device,
    fakeDevice().device,
    async () => source(),
    marking(mask(6))(),
  );
  t.match(same, { frames: 5, agreement: { mean: 1, lowest: 1 } });
  t.ok(same.trackMs.current >= 0 && same.trackMs.candidate >= 0);
  t.equal(open, 0, 'both sources are closed');
  const apart = await shadowRun(
    fakeDevice().device,
    fakeDevice().device,
    async () => source(),
    marking(mask(3), mask(9))(),
  );
  t.ok(apart.agreement.mean < 0.2);
});

test('a source that fails closes both, and the failure is told', async (t) => {
  let closed = 0;
  const failing = async () => ({
    ...recording(3, SIDE, SIDE),
    // eslint-disable-next-line require-yield
    async *[Symbol.asyncIterator]() {
      throw new Error('the disk is gone');
    },
    close: async () => void (closed += 1),
  });
  const run = shadowRun(fakeDevice().device, fakeDevice().device, failing, marking(mask(6))());
  t.match(await rejection(run), { message: 'the disk is gone' });
  t.equal(closed, 2);
});

test('a candidate that differs or is slow is refused with its figures', async (t) => {
  const run = (mean: number, candidate: number) => ({
    frames: 9,
    agreement: { mean, lowest: 0 },
    trackMs: { current: 10, candidate },
  });
  judgeShadowRun(run(0.9, 12.5));
  t.throws(() => judgeShadowRun(run(0.89, 10)), {
    code: 'MODEL_REJECTED',
    message: /DSC of 0.890/,
  });
  t.throws(() => judgeShadowRun(run(1, 12.6)), { message: /1.26 times as long/ });
  t.throws(() => judgeShadowRun(run(0.5, 20)), { message: /DSC of .*; it takes 2.00/ });
  t.throws(() => judgeShadowRun(run(1, 10), { leastAgreement: 0.9, mostSlower: 0.9 }));
});
