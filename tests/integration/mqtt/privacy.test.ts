/** No pixels and no identifiers on any topic: a DICOM file with a patient's name goes through, every byte is searched. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'tap';
import { openSource } from '../../../src/io/sources/index.js';
import { createSession } from '../../../src/live/session.js';
import { loadProfile } from '../../../src/runtime/profiles.js';
import { startBroker } from '../../../src/telemetry/embedded-broker.js';
import { createTelemetry } from '../../../src/telemetry/telemetry.js';
import { dicomFile } from '../../support/dicom.js';
import { subscribe, type Arrived } from '../../support/subscriber.js';
import { createDevice, INFO, Recorder } from '../../unit/live/stub.js';

const [WIDTH, HEIGHT, FRAMES] = [64, 48, 20];
const SECRETS = ['Doe', 'Jane', 'SECRET', 'Secret', 'Hospital', '19991231', '1.2.3.4'];
/** So many bytes in a row that are those of a picture are no chance: the pictures are noise. */
const RUN = 8;

function noise(length: number): Uint8Array {
  let state = 1;
  return Uint8Array.from({ length }, () => {
    state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0;
    return state >>> 24;
  });
}

const runsOf = (bytes: Uint8Array): string[] => {
  const text = Buffer.from(bytes).toString('latin1');
  return Array.from({ length: Math.max(0, text.length - RUN + 1) }, (_, i) =>
    text.slice(i, i + RUN),
  );
};

test('a patient and the pictures stay on the device', async (t) => {
  // One picture again and again: others would be scene cuts, at which tracking ends.
  const picture = noise(WIDTH * HEIGHT);
  const pixels = Buffer.concat(Array<Uint8Array>(FRAMES).fill(picture));
  const pictures = new Set(runsOf(picture));
  const leaksOf = ({ topic, payload }: Pick<Arrived, 'topic' | 'payload'>): string[] => [
    ...SECRETS.filter((secret) => topic.includes(secret) || payload.includes(secret)),
    ...runsOf(payload).filter((run) => pictures.has(run)),
  ];
  t.same(leaksOf({ topic: 'a', payload: Buffer.from('for Doe^Jane') }), ['Doe', 'Jane']);
  t.ok(leaksOf({ topic: 'a', payload: Buffer.from(picture.subarray(100, 120)) }).length > 0);

  // The name of the file and its folder are a patient's too.
  const folder = join(t.testdir(), 'Doe^Jane');
  mkdirSync(folder);
  const file = join(folder, 'SECRET-ID.dcm');
  const fields = { widthPx: WIDTH, heightPx: HEIGHT, frames: FRAMES, pixels };
  writeFileSync(file, dicomFile(fields));

  const broker = await startBroker(0);
  t.teardown(() => broker.close());
  const seen = await subscribe(broker.url, '#');
  t.teardown(() => seen.end());
  const telemetry = await createTelemetry({
    broker: { url: broker.url },
    deviceId: 'bay-4',
    device: INFO,
    profile: await loadProfile(),
    dir: join(t.testdirName, 'telemetry'),
    sparkplug: {},
  });
  t.teardown(() => telemetry.close());
  await seen.until(({ topic }) => topic.includes('/DBIRTH/'));
  const source = await openSource(file, { realtime: true, loop: true });
  const recorder = new Recorder();
  const { device } = createDevice();
  const session = createSession({
    source,
    device,
    publishers: [telemetry, recorder],
    latencyIntervalMs: 100,
  });
  t.teardown(() => session.close());
  await recorder.count(1);
  const { frame } = recorder.last;
  await session.click({ frameId: frame.id, x: WIDTH / 2, y: HEIGHT / 2, label: 1 });
  const count = (part: string): number =>
    seen.all.filter(({ topic }) => topic.includes(part)).length;
  await seen.until(() => count('/masks') >= 5 && count('/latency') >= 3 && count('/DDATA/') >= 3);
  await session.close();
  await telemetry.close();
  await seen.until(({ topic }) => topic.includes('/NDEATH/'));

  const topics = new Set(seen.all.map(({ topic }) => topic));
  t.ok(topics.size >= 6, [...topics].join(', '));
  for (const message of seen.all) {
    const leaks = leaksOf(message);
    if (leaks.length > 0) t.fail(`${message.topic} tells ${leaks.join(', ')}`);
  }
  t.pass(`${seen.all.length} messages on ${topics.size} topics`);
});
