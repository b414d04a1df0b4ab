import { test } from 'tap';
import type { Clock } from '../../../../src/io/sources/clock.js';
import { IndexedSource } from '../../../../src/io/sources/indexed.js';
import type { Frame, SourceInfo } from '../../../../src/sdk/types.js';

const INFO: SourceInfo = {
  kind: 'test',
  frames: 4,
  widthPx: 1,
  heightPx: 1,
  channels: 1,
  frameRateHz: 10,
  spacingMm: null,
  regions: [],
  modality: null,
};

const read = (index: number): Frame => ({
  data: Uint8Array.of(index),
  widthPx: 1,
  heightPx: 1,
  channels: 1,
});

/** Time stands still but for sleeping and for what the test adds. */
class ManualClock implements Clock {
  now = 0n;
  readonly slept: number[] = [];
  nowNs(): bigint {
    return this.now;
  }
  async sleep(ms: number): Promise<void> {
    this.slept.push(ms);
    this.now += BigInt(Math.round(ms * 1e6));
  }
}

test('real time delivers at the frame rate, stamped with the moment of delivery', async (t) => {
  const clock = new ManualClock();
  const stamps: (bigint | undefined)[] = [];
  for await (const frame of new IndexedSource(INFO, read, { realtime: true, loop: false, clock })) {
    stamps.push(frame.captureNs);
    clock.now += 30_000_000n;
  }
  t.same(stamps, [0n, 100_000_000n, 200_000_000n, 300_000_000n]);
  t.same(clock.slept, [70, 70, 70]);
});

test('a consumer that was late gets the next frame at once and no burst after it', async (t) => {
  const clock = new ManualClock();
  const stamps: (bigint | undefined)[] = [];
  for await (const frame of new IndexedSource(INFO, read, { realtime: true, loop: false, clock })) {
    stamps.push(frame.captureNs);
    if (frame.id === 0) clock.now += 350_000_000n;
  }
  t.same(stamps, [0n, 350_000_000n, 450_000_000n, 550_000_000n]);
});

test('closing while the source waits for the next frame ends it without that frame', async (t) => {
  const source: IndexedSource = new IndexedSource(INFO, read, {
    realtime: true,
    loop: true,
    clock: {
      nowNs: () => 0n,
      sleep: async () => source.close(),
    },
  });
  const ids: (number | undefined)[] = [];
  for await (const frame of source) ids.push(frame.id);
  t.same(ids, [0]);
});
