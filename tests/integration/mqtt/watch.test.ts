/** `sonotrack watch` as a process, on a real broker: what a device publishes, as JSON and in words. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { test, type Test } from 'tap';
import { createSession } from '../../../src/live/session.js';
import { loadProfile } from '../../../src/runtime/profiles.js';
import { createTelemetry } from '../../../src/telemetry/telemetry.js';
import { masksTopic } from '../../../src/telemetry/topics.js';
import { noMosquitto, startMosquitto } from '../../support/mosquitto.js';
import { subscribe } from '../../support/subscriber.js';
import { createDevice, FedSource, frame, INFO } from '../../unit/live/stub.js';

const MAIN = fileURLToPath(new URL('../../../src/cli/main.js', import.meta.url));

/** A watching process that has subscribed; ends with the test. */
async function watch(t: Test, url: string, ...more: string[]) {
  const child = spawn(process.execPath, [MAIN, 'watch', url, ...more]);
  t.teardown(() => child.kill('SIGKILL'));
  const lines: string[] = [];
  let wake = (): void => undefined;
  createInterface({ input: child.stdout }).on('line', (line) => {
    lines.push(line);
    wake();
  });
  await once(createInterface({ input: child.stderr }), 'line');
  return {
    /** The first line, of those that came and will come, that the condition holds for. */
    async until(matching: (line: string) => boolean): Promise<string> {
      for (let i = 0; ; i += 1) {
        while (i >= lines.length) await new Promise<void>((resolve) => (wake = resolve));
        if (matching(lines[i])) return lines[i];
      }
    },
    lines,
    async stop(): Promise<number | null> {
      child.kill('SIGTERM');
      const [code] = (await once(child, 'exit')) as [number | null];
      return code;
    },
  };
}

test(
  'masks, latency, status and Sparkplug, decoded; one device alone where it is asked for',
  { skip: noMosquitto, timeout: 60_000 },
  async (t) => {
    const broker = await startMosquitto();
    t.teardown(() => broker.close());
    const json = await watch(t, broker.url, '--json', '--device-id', 'bay-4');
    const words = await watch(t, broker.url);
    const telemetry = await createTelemetry({
      broker: { url: broker.url },
      deviceId: 'bay-4',
      device: INFO,
      profile: await loadProfile(),
      dir: join(t.testdir(), 'telemetry'),
      sparkplug: {},
    });
    t.teardown(() => telemetry.close());
    const messageOf = async (part: string, holds: (message: Line) => boolean = () => true) => {
      const parse = (line: string): Line => JSON.parse(line) as Line;
      const fits = (line: string): boolean => {
        const message = parse(line);
        return message.topic.includes(part) && holds(message);
      };
      return parse(await json.until(fits));
    };

    await messageOf('/DBIRTH/');
    const source = new FedSource();
    const { device } = createDevice();
    const session = createSession({
      source,
      device,
      publishers: [telemetry],
      latencyIntervalMs: 100,
    });
    t.teardown(() => session.close());
    let id = 0;
    const feeding = setInterval(() => source.feed(frame(id++)), 20);
    t.teardown(() => clearInterval(feeding));
    while (!session.status.cine) await new Promise((resolve) => setImmediate(resolve));
    const { lastId } = session.status.cine;
    await session.click({ frameId: lastId, x: 16, y: 12, label: 1, objectId: null });

    t.match(await messageOf('/masks', ({ objects }) => objects?.length === 1), {
      topic: masksTopic('bay-4'),
      widthPx: 32,
      heightPx: 24,
      objects: [{ id: 1, status: 'tracking', areaPx: Number }],
    });
    t.match(await messageOf('/latency'), { stages: { total: { p95: Number } }, lost: 0 });
    t.match(await messageOf('/status'), { deviceId: 'bay-4', status: 'online' });
    t.match(await messageOf('/NBIRTH/'), {
      seq: 0,
      values: { 'Properties/Models/Bundle': 'test 1.0.0' },
    });
    const data = await messageOf('/DDATA/', ({ values }) => 'Objects/Count' in (values ?? {}));
    t.match(data, { unknown: 0, values: { 'Window/Sequence': Number, 'Objects/Count': 1 } });

    t.match(
      await words.until((line) => line.includes('/masks  frame') && line.includes('#1')),
      /^\d\d:\d\d:\d\d\.\d{3} {2}sonotrack\/v1\/bay-4\/masks {2}frame \d+ {2}#1 tracking [01]\.\d\d [\d.]+ mm².* bytes$/,
    );
    await words.until((line) =>
      / {2}window \d+ .*total [\d./]+ {2}ms p50\/p95\/p99\/max$/.test(line),
    );
    await words.until((line) =>
      /\/DDATA\/bay-4\/session {2}seq \d+ .*Window\/Sequence=\d+/.test(line),
    );

    const other = await subscribe(broker.url, 'none');
    t.teardown(() => other.end());
    await other.publish(masksTopic('bay-5'), Buffer.from([0xff, 0xff]));
    await words.until((line) => line.endsWith('bay-5/masks  2 bytes that cannot be read'));
    await telemetry.close();
    await messageOf('/NDEATH/');
    await messageOf('/status', ({ status }) => status === 'offline');
    t.notOk(json.lines.some((line) => line.includes('bay-5')));
    t.equal(await json.stop(), 0);
    t.equal(await words.stop(), 0);
  },
);

interface Line {
  topic: string;
  objects?: unknown[];
  values?: Record<string, unknown>;
  status?: string;
}
