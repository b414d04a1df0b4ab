/** A Sparkplug node on a real broker, judged by an implementation of other hands where that is installed. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { test, type Test } from 'tap';
import { EdgeNode, type EdgeNodeOptions } from '../../../src/telemetry/sparkplug/edge-node.js';
import { NODE_METRICS, SESSION_METRICS } from '../../../src/telemetry/sparkplug/metrics.js';
import { encodeSparkplug } from '../../../src/telemetry/sparkplug/payload.js';
import { noMosquitto, startMosquitto, type Mosquitto } from '../../support/mosquitto.js';
import {
  decodeIndependently,
  messagesOf,
  noPysparkplug,
  valueOf,
  type SparkplugMessage,
} from '../../support/sparkplug.js';
import { subscribe, type Subscriber } from '../../support/subscriber.js';
import { DEVICE } from '../../support/telemetry-device-path.js';

const skip = noMosquitto;
const NODE = 'spBv1.0/sonotrack';
const rebirth = Buffer.from(
  encodeSparkplug({
    timestampMs: 1,
    metrics: [{ name: 'Node Control/Rebirth', type: 'Boolean', value: true }],
  }),
);
const state = (online: boolean, timestamp: number): string => JSON.stringify({ online, timestamp });

async function setUp(t: Test): Promise<{ broker: Mosquitto; seen: Subscriber }> {
  const broker = await startMosquitto();
  t.teardown(() => broker.close());
  const seen = await subscribe(broker.url, `${NODE}/#`);
  t.teardown(() => seen.end());
  return { broker, seen };
}

function nodeOf(t: Test, url: string, more: Partial<EdgeNodeOptions> = {}): EdgeNode {
  let bdSeq = 254;
  const node = new EdgeNode({
    broker: { url, longestWaitMs: 200 },
    group: 'sonotrack',
    node: 'bay-4',
    metrics: NODE_METRICS,
    nextBdSeq: () => bdSeq++ % 256,
    ...more,
  });
  node.addDevice('session', SESSION_METRICS, { 'Window/Sequence': 0 });
  t.teardown(() => node.close());
  return node;
}

/** The nth message of a type, from 0. */
async function messageOf(seen: Subscriber, type: string, nth = 0): Promise<SparkplugMessage> {
  const ofType = (): SparkplugMessage[] =>
    messagesOf(seen.all).filter((message) => message.type === type);
  await seen.until(() => ofType().length > nth);
  return ofType()[nth];
}

test(
  'births, data, deaths: numbered without a gap beyond 255, and read by pysparkplug',
  { skip },
  async (t) => {
    const { broker, seen } = await setUp(t);
    const node = nodeOf(t, broker.url);
    node.setNode({ 'Properties/Engine': 'native', 'Health/Memory': 100 }, 1000);
    await messageOf(seen, 'DBIRTH');
    for (let i = 1; i <= 300; i += 1) node.setDevice('session', { 'Window/Sequence': i }, 1000 + i);
    node.setNode({ 'Health/Memory': 250, 'Properties/Engine': 'native' }, 2000);
    node.sendPast('session', { 'Frames/Rate': 12.5 }, 500);
    node.removeDevice('session');
    await messageOf(seen, 'DDEATH');
    await node.close();
    await messageOf(seen, 'NDEATH');

    const messages = messagesOf(seen.all);
    t.same(
      messages.slice(0, 2).map(({ type }) => type),
      ['NBIRTH', 'DBIRTH'],
    );
    const numbers = messages.slice(0, -1).map(({ seq }) => seq);
    t.same(
      numbers,
      numbers.map((_, i) => i % 256),
      'seq runs from 0 to 255 and wraps',
    );
    const death = messages[messages.length - 1];
    t.match(death, { type: 'NDEATH' });
    t.equal(death.seq, undefined);
    t.equal(valueOf(death, 'bdSeq'), valueOf(messages[0], 'bdSeq'));
    t.equal(valueOf(messages[0], 'Node Control/Rebirth'), false);
    const memory = messages.filter(({ type }) => type === 'NDATA');
    t.same(
      memory.map(({ metrics }) => metrics.map(({ value }) => value)),
      [[250]],
      'by exception',
    );

    await t.test('as pysparkplug reads it', { skip: noPysparkplug }, async (t) => {
      const decoded = decodeIndependently(seen.all);
      t.same(
        decoded.map(({ type }) => type),
        messages.map(({ type }) => type),
      );
      t.same(
        decoded.slice(0, -1).map(({ seq }) => seq),
        numbers,
      );
      const [birth, session] = decoded;
      t.match(
        birth.metrics.find(({ name }) => name === 'Properties/Engine'),
        { datatype: 'STRING', value: 'native' },
      );
      t.match(
        birth.metrics.find(({ name }) => name === 'bdSeq'),
        { datatype: 'INT64', value: 254, alias: null },
      );
      t.equal(birth.metrics.find(({ name }) => name === 'Node Control/Rebirth')?.alias, null);
      const aliases = [...birth.metrics, ...session.metrics].flatMap(({ alias }) => alias ?? []);
      t.equal(new Set(aliases).size, aliases.length, 'aliases are unique over the node');
      const data = decoded.filter(({ type }) => type === 'DDATA');
      t.same(
        data.slice(0, 300).map(({ metrics }) => metrics.map(({ name, value }) => [name, value])),
        Array.from({ length: 300 }, (_, i) => [['Window/Sequence', i + 1]]),
      );
      t.match(data[300].metrics, [{ name: 'Frames/Rate', value: 12.5, historical: true }]);
    });
  },
);

test('Rebirth is answered by births from 0, with the same bdSeq', { skip }, async (t) => {
  const { broker, seen } = await setUp(t);
  const node = nodeOf(t, broker.url);
  await messageOf(seen, 'DBIRTH');
  node.setDevice('session', { 'Window/Sequence': 1 }, 1);
  await messageOf(seen, 'DDATA');
  await seen.publish(`${NODE}/NCMD/bay-4`, 'nonsense');
  await seen.publish(`${NODE}/NCMD/bay-4`, rebirth);
  await messageOf(seen, 'DBIRTH', 1);
  const messages = messagesOf(seen.all);
  t.same(
    messages.map(({ type, seq }) => [type, seq]),
    [
      ['NBIRTH', 0],
      ['DBIRTH', 1],
      ['DDATA', 2],
      ['NBIRTH', 0],
      ['DBIRTH', 1],
    ],
  );
  t.equal(valueOf(messages[3], 'bdSeq'), valueOf(messages[0], 'bdSeq'));
  t.equal(valueOf(messages[4], 'Window/Sequence'), 1, 'a birth tells what is so now');
});

test(
  'a lost connection is followed by a birth with the next bdSeq, which its death had not',
  { skip },
  async (t) => {
    const { broker, seen } = await setUp(t);
    const node = nodeOf(t, broker.url);
    await messageOf(seen, 'DBIRTH');
    node.connection.drop();
    await messageOf(seen, 'NBIRTH', 1);
    node.connection.drop();
    await messageOf(seen, 'NBIRTH', 2);
    const numbers = messagesOf(seen.all)
      .filter(({ type }) => type === 'NBIRTH' || type === 'NDEATH')
      .map((message) => [message.type, valueOf(message, 'bdSeq')]);
    t.same(numbers, [
      ['NBIRTH', 254],
      ['NDEATH', 254],
      ['NBIRTH', 255],
      ['NDEATH', 255],
      ['NBIRTH', 0],
    ]);
  },
);

test(
  'with a primary host nothing goes out until it is online, nor after it has left',
  { skip },
  async (t) => {
    const { broker, seen } = await setUp(t);
    const node = nodeOf(t, broker.url, { primaryHost: 'fleet' });
    const host = await subscribe(broker.url, 'none');
    t.teardown(() => host.end());
    await host.publish('spBv1.0/STATE/fleet', state(false, 5), { retain: true });
    await host.publish('spBv1.0/STATE/other', state(true, 6), { retain: true });
    t.equal(node.setDevice('session', { 'Window/Sequence': 1 }, 1), 0);
    await host.publish('spBv1.0/STATE/fleet', state(true, 10), { retain: true });
    await messageOf(seen, 'DBIRTH');
    t.equal(seen.all.length, 2);
    await host.publish('spBv1.0/STATE/fleet', state(false, 9), { retain: true });
    node.setDevice('session', { 'Window/Sequence': 2 }, 2);
    await messageOf(seen, 'DDATA');
    t.ok(node.born, 'a state older than the last one known is passed over');

    await host.publish('spBv1.0/STATE/fleet', state(false, 11), { retain: true });
    await messageOf(seen, 'NDEATH');
    t.notOk(node.born);
    await host.publish('spBv1.0/STATE/fleet', state(true, 12), { retain: true });
    const birth = await messageOf(seen, 'NBIRTH', 1);
    t.equal(valueOf(birth, 'bdSeq'), 255, 'on a connection of its own');
    t.equal(messagesOf(seen.all).filter(({ type }) => type === 'NDEATH').length, 1);
  },
);

test('a host that is online before the node connects sees one birth', { skip }, async (t) => {
  const { broker, seen } = await setUp(t);
  const host = await subscribe(broker.url, 'none');
  t.teardown(() => host.end());
  await host.publish('spBv1.0/STATE/fleet', state(true, 10), { retain: true });
  const node = nodeOf(t, broker.url, { primaryHost: 'fleet' });
  await messageOf(seen, 'DBIRTH');
  node.setDevice('session', { 'Window/Sequence': 1 }, 1);
  await messageOf(seen, 'DDATA');
  t.same(
    messagesOf(seen.all).map(({ type, seq }) => [type, seq]),
    [
      ['NBIRTH', 0],
      ['DBIRTH', 1],
      ['DDATA', 2],
    ],
  );
});

test(
  'a device killed is told dead by its will; started again it sends what was missed as history',
  { skip, timeout: 60_000 },
  async (t) => {
    const { broker, seen } = await setUp(t);
    const dir = t.testdir();
    const start = () => {
      const options = JSON.stringify({ url: broker.url, dir, everyMs: 20, sparkplug: {} });
      const child = spawn(process.execPath, [DEVICE, options], {
        stdio: ['pipe', 'ignore', 'inherit'],
      });
      t.teardown(() => child.kill('SIGKILL'));
      return child;
    };
    const first = start();
    await messageOf(seen, 'DDATA', 20);
    first.kill('SIGKILL');
    const death = await messageOf(seen, 'NDEATH');
    t.equal(valueOf(death, 'bdSeq'), valueOf(await messageOf(seen, 'NBIRTH'), 'bdSeq'));
    const second = start();
    const birth = await messageOf(seen, 'NBIRTH', 1);
    t.equal(valueOf(birth, 'bdSeq'), 1);
    await messageOf(seen, 'DDATA', 60);
    const ended = once(second, 'exit');
    second.stdin.end();
    await ended;
    await messageOf(seen, 'NDEATH', 1);

    // Every window number arrived, as of now or as history.
    const alias = (await messageOf(seen, 'DBIRTH')).metrics.find(
      ({ name }) => name === 'Window/Sequence',
    )?.alias;
    const numbers = new Set(
      messagesOf(seen.all)
        .filter(({ type }) => type === 'DDATA')
        .flatMap(({ metrics }) =>
          metrics.filter((m) => m.alias === alias).map(({ value }) => value as number),
        ),
    );
    t.equal(numbers.size, Math.max(...numbers), `${numbers.size} windows without a gap`);
  },
);

test(
  'commands: those of the allow list are carried out and told; others are refused',
  { skip },
  async (t) => {
    const { broker, seen } = await setUp(t);
    const dir = t.testdir();
    const options = JSON.stringify({
      url: broker.url,
      dir,
      everyMs: 50,
      sparkplug: {},
      echo: true,
    });
    const child = spawn(process.execPath, [DEVICE, options], {
      stdio: ['pipe', 'ignore', 'inherit'],
    });
    t.teardown(() => child.kill('SIGKILL'));
    const birth = await messageOf(seen, 'NBIRTH');
    t.equal(valueOf(birth, 'Node Control/Profile'), null, 'offered in the birth');
    t.equal(valueOf(birth, 'Node Control/Install Model'), undefined);
    const alias = birth.metrics.find(({ name }) => name === 'Command/Result')?.alias;
    const results = (): unknown[] =>
      messagesOf(seen.all).flatMap(({ type, metrics }) =>
        type === 'NDATA' ? metrics.filter((m) => m.alias === alias).map(({ value }) => value) : [],
      );
    const command = async (
      name: string,
      type: 'String' | 'Boolean',
      value: string | boolean,
      result: RegExp,
    ) => {
      const metrics = [{ name, type, value }];
      const payload = Buffer.from(encodeSparkplug({ timestampMs: 1, metrics }));
      await seen.publish(`${NODE}/NCMD/bay-4`, payload);
      await seen.until(() => result.test(String(results().at(-1))));
      t.match(results().at(-1), result);
    };
    await command('Node Control/Profile', 'String', 'jetson', /^changed to jetson/);
    await command(
      'Node Control/Profile',
      'Boolean',
      true,
      /^refused: expected a value of type String/,
    );
    await command('Node Control/Install Model', 'String', 'x', /^refused: not allowed/);
    await command('Node Control/Profile', 'String', 'fail', /^failed: no profile fail/);
    await command('Properties/Engine', 'String', 'x', /^refused: unknown command/);
  },
);
