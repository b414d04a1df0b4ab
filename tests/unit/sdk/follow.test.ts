import { test } from 'tap';
import { fakeDevice } from '../../../src/sdk/fake-device.js';
import { follow, type FollowedFrame, type Operator } from '../../../src/sdk/follow.js';
import { Mask } from '../../../src/sdk/mask.js';
import type { FrameSource } from '../../../src/sdk/types.js';
import { disc } from '../../support/frames.js';
import { recording } from '../../support/recording.js';
import { rejection } from '../../support/rejection.js';

const SIDE = 12;
const mask = Mask.fromBitmap(disc(SIDE, SIDE, [6, 6, 3]), SIDE, SIDE);
const marker = (): Operator & { startedOn: number[] } => {
  const startedOn: number[] = [];
  return {
    startedOn,
    async start(_device, frame, index) {
      startedOn.push(index, frame.data[0]);
      return [{ id: 4, mask }];
    },
  };
};

async function followAll(...args: Parameters<typeof follow>): Promise<FollowedFrame[]> {
  const followed: FollowedFrame[] = [];
  for await (const frame of follow(...args)) followed.push(frame);
  return followed;
}

test('a recording is followed in its order, without frames by number', async (t) => {
  const { device, engine } = fakeDevice();
  const source = recording(3, SIDE, SIDE);
  const stream: FrameSource = {
    info: source.info,
    close: () => source.close(),
    [Symbol.asyncIterator]: () => source[Symbol.asyncIterator](),
  };
  const operator = marker();
  const followed = await followAll(device, stream, operator);
  t.same(operator.startedOn, [0, 0]);
  t.same(
    followed.map(({ index, picture, frame, objects, trackMs }) => [
      index,
      picture.data[0],
      frame.id,
      objects[0].id,
      objects[0].mask.areaPx,
      trackMs === null,
    ]),
    [0, 1, 2].map((i) => [i, i, i, 4, mask.areaPx, i === 0]),
  );
  t.same(engine.calls, ['start', 'track', 'track']);
});

test('from a slice within, both ways, beginning anew with the same marks', async (t) => {
  const { device, engine } = fakeDevice();
  const operator = marker();
  const followed = await followAll(device, recording(5, SIDE, SIDE), operator, { start: 2 });
  t.same(operator.startedOn, [2, 2], 'marked once');
  t.same(
    followed.map(({ index }) => index),
    [2, 3, 4, 1, 0],
  );
  t.ok(
    followed.every(({ index, picture, frame }) => picture.data[0] === index && frame.id === index),
  );
  t.same(engine.calls, ['start', 'track', 'track', 'start', 'track', 'track']);
});

test('what the operator makes of a frame stands in place of what was tracked', async (t) => {
  const { device } = fakeDevice();
  const seen: number[] = [];
  const operator: Operator = {
    ...marker(),
    async review(tracker, { objects }, index) {
      seen.push(index);
      if (index !== 1) return objects;
      return [await tracker.correct(4, { points: [{ x: 0.5, y: 0.5, label: 1 }] })];
    },
  };
  const followed = await followAll(device, recording(3, SIDE, SIDE), operator);
  t.same(seen, [1, 2]);
  const areas = followed.map(({ objects }) => objects[0].mask.areaPx);
  t.ok(areas[1] > areas[0]);
  t.equal(areas[2], areas[1], 'tracking goes on from the correction');
});

test('the tracker is closed however it ends', async (t) => {
  const { device } = fakeDevice();
  let closed = 0;
  const create = device.createTracker.bind(device);
  device.createTracker = async (options) => {
    const tracker = await create(options);
    const close = tracker.close.bind(tracker);
    tracker.close = () => {
      closed += 1;
      return close();
    };
    return tracker;
  };
  for await (const _ of follow(device, recording(3, SIDE, SIDE), marker())) break;
  t.equal(closed, 1);
  const failing: Operator = { start: () => Promise.reject(new Error('no mark')) };
  t.match(await rejection(followAll(device, recording(3, SIDE, SIDE), failing)), {
    message: 'no mark',
  });
  t.equal(closed, 2);
});

test('a start within needs frames by number, and any start a source that ends', async (t) => {
  const { device } = fakeDevice();
  const source = recording(3, SIDE, SIDE);
  const stream: FrameSource = {
    info: source.info,
    close: () => source.close(),
    [Symbol.asyncIterator]: () => source[Symbol.asyncIterator](),
  };
  t.match(await rejection(followAll(device, stream, marker(), { start: 1 })), {
    name: 'TypeError',
    message: /`frameAt`/,
  });
  const endless = { ...stream, info: { ...source.info, frames: null } };
  t.match(await rejection(followAll(device, endless, marker())), {
    name: 'TypeError',
    message: /a source that ends/,
  });
});
