/** What a Sparkplug host may command of a running `serve`, through a real broker. */
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test, type Test } from 'tap';
import { readTrustedKeys, signManifest } from '../../../src/runtime/bundle-signature.js';
import { BundleStore } from '../../../src/runtime/bundle-store.js';
import {
  encodeSparkplug,
  type Metric,
  type MetricValue,
} from '../../../src/telemetry/sparkplug/payload.js';
import { runCli, serveOn, type Serving } from '../../support/cli.js';
import { connectTo } from '../../support/live-server.js';
import { noMosquitto, startMosquitto } from '../../support/mosquitto.js';
import { messagesOf, valueOf, type SparkplugMessage } from '../../support/sparkplug.js';
import { writeKeys } from '../../support/signed-bundle.js';
import { subscribe, type Subscriber } from '../../support/subscriber.js';
import { modelsDir, skipOf } from '../engines.js';

const skip = noMosquitto || skipOf('onnxruntime-node');
const NCMD = 'spBv1.0/sonotrack/NCMD/bay-4';
const ARGS = [
  ...['--profile', 'x86-cpu', '--device-id', 'bay-4'],
  ...['--source', 'phantom:?seed=3&width=240&height=180&fps=5', '--budget', '20000'],
];

async function setUp(t: Test, ...args: string[]) {
  return startOn(t, ['--models-dir', modelsDir], ...args);
}

async function startOn(t: Test, models: string[], ...args: string[]) {
  const telemetry = mkdtempSync(join(tmpdir(), 'sonotrack-commands-'));
  t.teardown(() => rmSync(telemetry, { recursive: true, force: true }));
  const broker = await startMosquitto();
  t.teardown(() => broker.close());
  const seen = await subscribe(broker.url, 'spBv1.0/#');
  t.teardown(() => seen.end());
  const live = await serveOn(broker.url, ...ARGS, ...models, '--telemetry-dir', telemetry, ...args);
  t.teardown(() => live.stop('SIGKILL'));
  await births(seen, 1);
  return { seen, live };
}

/** All births of the node, once there are so many. */
async function births(seen: Subscriber, count: number): Promise<SparkplugMessage[]> {
  const found = (): SparkplugMessage[] =>
    messagesOf(seen.all).filter(({ type }) => type === 'NBIRTH');
  await seen.until(() => found().length >= count);
  return found();
}

/** Every value that the node told of one of its metrics, oldest first. */
function told(seen: Subscriber, name: string): MetricValue[] {
  const messages = messagesOf(seen.all);
  const alias = messages
    .find(({ type }) => type === 'NBIRTH')
    ?.metrics.find((metric) => metric.name === name)?.alias;
  return messages
    .filter(({ type }) => type === 'NBIRTH' || type === 'NDATA')
    .flatMap(({ metrics }) => metrics.filter((metric) => metric.alias === alias))
    .map(({ value }) => value);
}

async function send(seen: Subscriber, metric: Metric, retain = false): Promise<void> {
  const payload = Buffer.from(encodeSparkplug({ timestampMs: Date.now(), metrics: [metric] }));
  await seen.publish(NCMD, payload, { retain });
}

/** Gives the command, and what is told of it at its end. */
async function command(
  seen: Subscriber,
  name: string,
  value: string | boolean,
): Promise<MetricValue> {
  const ended = (): number =>
    ['Done', 'Refused', 'Failed'].reduce(
      (sum, outcome) => sum + Number(told(seen, `Command/${outcome}`).at(-1)),
      0,
    );
  const before = ended();
  const type = typeof value === 'string' ? 'String' : 'Boolean';
  await send(seen, { name: `Node Control/${name}`, type, value });
  await seen.until(() => ended() > before);
  return told(seen, 'Command/Result').at(-1) ?? null;
}

async function metricsOf({ url }: Serving): Promise<Map<string, number>> {
  const text = await (await fetch(`${url}/metrics`)).text();
  const lines = text.split('\n').filter((line) => line !== '' && !line.startsWith('#'));
  return new Map(lines.map((line) => [line.split(' ')[0], Number(line.split(' ')[1])]));
}

test(
  'the profile is switched while frames come in, and told in data, births, the page and /metrics',
  { skip },
  async (t) => {
    const { seen, live } = await setUp(t, '--allow-command', 'profile', 'log-level');
    const { client, once, frameThat } = connectTo(t, live.url);
    t.match(await once('hello'), { device: { profile: 'x86-cpu' } });
    const { id } = await frameThat(() => true);
    await client.prompt({ frameId: id, point: { x: 120.5, y: 90.5, label: 1 }, objectId: null });
    const [birth] = await births(seen, 1);
    t.equal(valueOf(birth, 'Node Control/Profile'), null, 'offered in the birth');
    t.equal(valueOf(birth, 'Node Control/Install Model'), undefined);

    const greeted = once('hello');
    t.equal(await command(seen, 'Profile', 'arm64-cpu'), 'the profile is arm64-cpu');
    t.match(await greeted, { device: { profile: 'arm64-cpu' } });
    await seen.until(() => told(seen, 'Properties/Profile').at(-1) === 'arm64-cpu');
    await frameThat((frame) => frame.id > id + 10 && frame.objects.some((one) => one.id === 1));
    const metrics = await metricsOf(live);
    const count = (name: string): number =>
      metrics.get(`sonotrack_session_count{counter="${name}"}`) ?? Number.NaN;
    // At the moment of asking one frame may be followed, and one wait for that.
    const lost = count('received') - count('processed') - count('dropped');
    t.ok(lost >= 0 && lost <= 2, `${lost} frames on their way, all others accounted for`);
    t.equal(count('faults'), 0);
    t.equal(metrics.get('sonotrack_remote_commands{outcome="done"}'), 1);

    t.equal(await command(seen, 'Profile', 'arm64-cpu'), 'the profile is arm64-cpu already');
    t.match(
      await command(seen, 'Profile', '../x86-cpu.json'),
      /^failed: there is no profile of that name among arm64-cpu, /,
    );
    t.match(
      await command(seen, 'Profile', 'jetson-orin-nano'),
      /^(failed: |the profile is jetson-orin-nano$)/,
    );
    await send(seen, { name: 'Node Control/Rebirth', type: 'Boolean', value: true });
    const again = (await births(seen, 2))[1];
    t.equal(valueOf(again, 'Properties/Profile'), told(seen, 'Properties/Profile').at(-1));
    t.equal(valueOf(again, 'Command/Name'), 'Node Control/Profile');
    t.equal(await live.stop('SIGTERM'), 0);
  },
);

test('the log level is set, and what follows is written by it', { skip }, async (t) => {
  const { seen, live } = await setUp(t, '--allow-command', 'log-level');
  t.notMatch(live.stderr(), /results\/s/);
  t.equal(await command(seen, 'Log Level', 'debug'), 'the log level is debug');
  const from = seen.all.length;
  await seen.until((message) => seen.all.indexOf(message) > from && /DDATA/.test(message.topic));
  t.match(live.stderr(), /sonotrack: [\d.]+ results\/s/);
  t.match(
    await command(seen, 'Log Level', 'loud'),
    /^failed: expected one of 'silent', 'warn', 'info', 'debug'/,
  );
  t.match(live.stderr(), /warning: command Node Control\/Log Level: failed: expected one of/);
  await command(seen, 'Log Level', 'silent');
  const before = live.stderr();
  t.equal(await command(seen, 'Profile', 'arm64-cpu'), 'refused: not allowed');
  t.equal(live.stderr(), before, 'nothing is written any more');
});

test('what is not allowed is refused, told, written and counted', { skip }, async (t) => {
  const { seen, live } = await setUp(t);
  t.equal(await command(seen, 'Profile', 'arm64-cpu'), 'refused: not allowed');
  t.equal(await command(seen, 'Install Model', 'lite'), 'refused: not allowed');
  t.equal(await command(seen, 'Roll Back Model', true), 'refused: not allowed');
  t.equal(await command(seen, 'Reboot', 'now'), 'refused: unknown command');
  await send(seen, { name: 'Node Control/Profile', type: 'String', value: 'x' }, true);
  await seen.publish('spBv1.0/sonotrack/DCMD/bay-4/session', 'nonsense');
  await seen.until(() => told(seen, 'Command/Refused').at(-1) === 6);
  t.equal(told(seen, 'Command/Name').at(-1), 'session/unreadable');
  t.equal((await metricsOf(live)).get('sonotrack_remote_commands{outcome="refused"}'), 6);
  const lines = live.stderr().match(/warning: command .*: refused: .*/g) ?? [];
  t.equal(lines.length, 6);
  t.equal(told(seen, 'Properties/Profile').at(-1), 'x86-cpu');
});

test(
  'a signed bundle of the inbox is installed while frames come in, and taken back',
  { skip },
  async (t) => {
    const dir = t.testdir();
    const { privateFile, publicFile } = writeKeys(dir);
    const [inbox, folder] = [join(dir, 'inbox'), join(dir, 'store')];
    for (const [name, version] of [
      ['old', '7.0.0'],
      ['new', '7.1.0'],
      ['unsigned', '7.2.0'],
      ['broken', '7.3.0'],
    ]) {
      const bundle = join(inbox, name);
      cpSync(modelsDir, bundle, { recursive: true });
      const file = join(bundle, 'manifest.json');
      const manifest = { ...JSON.parse(readFileSync(file, 'utf8')), version };
      if (name === 'broken') manifest.sonosam.inputSizePx = 64; // its hashes are right, its graphs do not load
      writeFileSync(file, JSON.stringify(manifest));
      if (name !== 'unsigned') await signManifest(bundle, privateFile);
    }
    const store = new BundleStore(folder, await readTrustedKeys([publicFile]));
    await store.install(join(inbox, 'old'));
    const { seen, live } = await startOn(
      t,
      ['--models-dir', folder, '--trust', publicFile, '--models-inbox', inbox],
      ...['--allow-command', 'install-model', 'roll-back-model'],
    );
    const { client, frameThat } = connectTo(t, live.url);
    const { id } = await frameThat(() => true);
    await client.prompt({ frameId: id, point: { x: 120.5, y: 90.5, label: 1 }, objectId: null });
    const runs = (): MetricValue | undefined => told(seen, 'Properties/Models/Bundle').at(-1);
    const bundle = String(runs()).replace(/ .*/, '');
    t.equal(runs(), `${bundle} 7.0.0`);
    for (const [name, reason] of [
      ['unsigned', /^failed: cannot read a signature/],
      ['broken', /^failed: /],
      ['../inbox/new', /^failed: expected the name of a folder/],
      ['absent', /^failed: no model bundle in/],
    ] as const) {
      t.match(await command(seen, 'Install Model', name), reason);
      t.match(await store.state(), { current: /7\.0\.0/, previous: null }, name);
    }
    t.equal(runs(), `${bundle} 7.0.0`);
    t.equal(await command(seen, 'Install Model', 'new'), `${bundle} 7.1.0 is in use`);
    await seen.until(() => runs() === `${bundle} 7.1.0`);
    t.match(await store.state(), { current: /7\.1\.0/, previous: /7\.0\.0/ });
    await frameThat((frame) => frame.id > id + 5 && frame.objects.some((one) => one.id === 1));
    t.equal(await command(seen, 'Roll Back Model', false), 'failed: expected true');
    t.equal(await command(seen, 'Roll Back Model', true), `${bundle} 7.0.0 is in use again`);
    await seen.until(() => runs() === `${bundle} 7.0.0`);
    t.match(await store.state(), { current: /7\.0\.0/, previous: /7\.1\.0/ });
  },
);

test(
  'commands without a Sparkplug node, or models without a store, are a mistake of usage',
  { skip },
  async (t) => {
    for (const args of [
      ['serve', '--allow-command', 'profile'],
      ['serve', '--embedded-broker', '0', '--no-sparkplug', '--allow-command', 'profile'],
    ]) {
      const { code, stderr } = await runCli(...args);
      t.equal(code, 2);
      t.match(stderr, /with Sparkplug, for --allow-command/);
    }
    const models = await runCli(
      ...['serve', '--embedded-broker', '0', '--port', '0', '--models-dir', modelsDir],
      ...['--allow-command', 'roll-back-model'],
    );
    t.equal(models.code, 2);
    t.match(models.stderr, /expected a store of models as --models-dir/);
  },
);
