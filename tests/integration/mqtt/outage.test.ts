/** Windows through a broker that dies and a device that dies: none is lost, order is kept, losses are counted exactly. */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { test, type Test } from 'tap';
import { latencyTopic, statusTopic } from '../../../src/telemetry/topics.js';
import { noMosquitto, startMosquitto } from '../../support/mosquitto.js';
import { jsonOf, subscribe, type Subscriber } from '../../support/subscriber.js';
import { DEVICE } from '../../support/telemetry-device-path.js';

const skip = noMosquitto;
const PERSISTENT = `allow_anonymous true\npersistence true\npersistence_location DIR/\nautosave_on_changes true\nautosave_interval 1\nmax_queued_messages 0`;

/** A device in a process of its own that makes a window every 5 ms and tells the number of each. */
function startDevice(t: Test, url: string, dir: string, more: object = {}) {
  const child: ChildProcess = spawn(
    process.execPath,
    [DEVICE, JSON.stringify({ url, dir, ...more })],
    {
      stdio: ['pipe', 'pipe', 'inherit'],
    },
  );
  t.teardown(() => child.kill('SIGKILL'));
  const device = {
    made: 0,
    async until(count: number): Promise<void> {
      while (device.made < count) await new Promise<void>((resolve) => (wake = resolve));
    },
    async kill(): Promise<void> {
      const ended = once(child, 'exit');
      child.kill('SIGKILL');
      await ended;
    },
    /** No more windows; what waits is sent, and the process ends. */
    async finish(): Promise<void> {
      const ended = once(child, 'exit');
      child.stdin?.end();
      await ended;
    },
  };
  let wake = (): void => undefined;
  createInterface({ input: child.stdout! }).on('line', (line) => {
    device.made = Number(line);
    wake();
  });
  return device;
}

interface Arrivals {
  windows: number;
  lost: number;
  /** Numbers that came more than once. */
  again: number;
  inOrder: boolean;
  merged: number;
  historical: number;
}

/** Accounts for every window number that arrived. */
function account(seen: Subscriber): Arrivals {
  const result: Arrivals = {
    windows: 0,
    lost: 0,
    again: 0,
    inOrder: true,
    merged: 0,
    historical: 0,
  };
  let highest = 0;
  for (const message of seen.all) {
    const { sequence, windows, lost, historical } = jsonOf(message) as Record<string, number>;
    const first = sequence - windows + 1;
    if (sequence <= highest) result.again += windows;
    else {
      // A number that is passed over is either counted as lost or out of order.
      if (first <= highest) result.inOrder = false;
      result.windows += windows;
      highest = sequence;
    }
    if (windows > 1) result.merged += 1;
    if (historical) result.historical += 1;
    result.lost = Math.max(result.lost, lost);
  }
  return result;
}

/** The broker keeps what this subscriber has yet to get, also over a restart. */
const listen = (url: string): Promise<Subscriber> =>
  subscribe(url, latencyTopic('bay-4'), { clean: false, clientId: 'listener' });

test(
  'a broker that dies and comes back gets every window, in order',
  { skip, timeout: 60_000 },
  async (t) => {
    const broker = await startMosquitto(PERSISTENT);
    t.teardown(() => broker.close());
    const seen = await listen(broker.url);
    t.teardown(() => seen.end());
    const device = startDevice(t, broker.url, t.testdir());
    await seen.until((message) => (jsonOf(message).sequence as number) >= 50);
    await broker.kill();
    await device.until(device.made + 300);
    const present = seen.all.length;
    await broker.start();
    await seen.until((m) => seen.all.indexOf(m) >= present && jsonOf(m).historical === false);
    await device.finish();
    await seen.until((message) => jsonOf(message).sequence === device.made);
    const found = account(seen);
    t.ok(found.inOrder, 'in order');
    t.equal(found.windows, device.made, 'every window arrived');
    t.ok(found.historical >= 300, `${found.historical} windows of the outage`);
    t.equal(found.lost, 0);
    t.ok(found.again <= 16, `${found.again} came twice: those on their way when the broker died`);
  },
);

test(
  'a device killed and started again goes on with what the broker did not have',
  { skip, timeout: 60_000 },
  async (t) => {
    const broker = await startMosquitto();
    t.teardown(() => broker.close());
    const seen = await subscribe(broker.url, latencyTopic('bay-4'));
    const status = await subscribe(broker.url, statusTopic('bay-4'));
    t.teardown(() => Promise.all([seen.end(), status.end()]));
    const dir = t.testdir();
    const first = startDevice(t, broker.url, dir);
    await seen.until((message) => (jsonOf(message).sequence as number) >= 60);
    await first.kill();
    await status.until(({ payload }) => payload.includes('offline'));
    const second = startDevice(t, broker.url, dir);
    await second.until(first.made + 60);
    await second.finish();
    await seen.until((message) => jsonOf(message).sequence === second.made);
    const found = account(seen);
    t.ok(found.inOrder);
    t.equal(found.windows, second.made, 'every number arrived');
    t.equal(found.lost, 0);
    t.ok(found.again <= 80, `${found.again} came twice, as QoS 1 allows`);
  },
);

test(
  'a full disk queue merges, then loses, and every window is accounted for',
  { skip, timeout: 60_000 },
  async (t) => {
    const broker = await startMosquitto(PERSISTENT);
    t.teardown(() => broker.close());
    const seen = await listen(broker.url);
    t.teardown(() => seen.end());
    await broker.kill('SIGTERM');
    const limits = { maxBytes: 16_384, mergeAtMost: 4 };
    const device = startDevice(t, broker.url, t.testdir(), limits);
    await device.until(1000);
    await broker.start();
    await seen.until((message) => jsonOf(message).historical === false);
    await device.finish();
    await seen.until((message) => jsonOf(message).sequence === device.made);
    const found = account(seen);
    t.ok(found.merged > 0 && found.lost > 0, `${found.merged} merged messages, ${found.lost} lost`);
    t.ok(found.inOrder);
    t.equal(
      found.windows + found.lost,
      device.made,
      'arrived and lost make all that were measured',
    );
  },
);
