// A simulated fleet through a broker into `sonotrack fleet`:
// `node benchmarks/fleet.mjs [--devices 2000] [--seconds 45] [--workers 1,2,4] [--out FILE]`. Needs mosquitto.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { quantile, report } from './lib.mjs';

const { values: options } = parseArgs({
  options: {
    devices: { type: 'string', default: '2000' },
    seconds: { type: 'string', default: '45' },
    workers: { type: 'string', default: '1,2,4' },
    out: { type: 'string' },
  },
});
const CLI = fileURLToPath(new URL('../dist/cli/main.js', import.meta.url));
const devices = Number(options.devices);
const seconds = Number(options.seconds);

async function freePort() {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address();
  server.close();
  return port;
}

const cli = (...args) =>
  spawn(process.execPath, [CLI, ...args], { stdio: ['ignore', 'pipe', 'inherit'] });
const lines = (child) => createInterface({ input: child.stdout })[Symbol.asyncIterator]();
const next = async (iterator) => (await iterator.next()).value;
/** Processor time of a process, s, and its resident memory, MiB. */
function usage(pid) {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1].split(' ');
  const rssPages = Number(fields[21]);
  return {
    cpuS: (Number(fields[11]) + Number(fields[12])) / 100,
    rssMiB: (rssPages * 4096) / 2 ** 20,
  };
}

async function run(workers) {
  const dir = mkdtempSync(join(tmpdir(), 'sonotrack-fleet-'));
  const port = await freePort();
  writeFileSync(
    join(dir, 'mosquitto.conf'),
    `${process.getuid() === 0 ? 'user root\n' : ''}listener ${port} 127.0.0.1\nallow_anonymous true\nmax_queued_messages 0\n`,
  );
  const broker = spawn('mosquitto', ['-c', join(dir, 'mosquitto.conf')], { stdio: 'ignore' });
  await delay(500);
  const url = `mqtt://127.0.0.1:${port}`;
  const fleet = cli(
    'fleet',
    '--quiet',
    '--mqtt',
    url,
    '--port',
    '0',
    '--workers',
    String(workers),
    '--history',
    join(dir, 'fleet.db'),
  );
  const page = (await next(lines(fleet))).split(' ')[1];
  const state = async () => (await fetch(`${page}/api/fleet`)).json();
  while (!(await state()).connected) await delay(100);
  const before = usage(fleet.pid);
  const simulator = cli(
    'simulate',
    '--json',
    '--mqtt',
    url,
    '--devices',
    String(devices),
    '--rate',
    '1',
    '--primary-host',
    'fleet',
  );
  const told = lines(simulator);
  await next(told);
  while ((await state()).devices.filter(({ online }) => online).length < devices) await delay(200);
  await delay(3000);
  const [fleetFrom, simulatorFrom, brokerFrom] = [fleet, simulator, broker].map(({ pid }) =>
    usage(pid),
  );
  const from = performance.now();
  const ages = [];
  while (performance.now() - from < seconds * 1000) {
    await delay(2000);
    const { devices: all, nowMs } = await state();
    for (const { online, windowMs } of all)
      if (online && windowMs !== null) ages.push(nowMs - windowMs);
  }
  const span = (performance.now() - from) / 1000;
  const [fleetTo, simulatorTo, brokerTo] = [fleet, simulator, broker].map(({ pid }) => usage(pid));
  simulator.kill();
  const counts = JSON.parse(await next(told));
  await delay(1000);
  const { counters } = await state();
  fleet.kill();
  await once(fleet, 'exit');
  broker.kill();
  rmSync(dir, { recursive: true, force: true });
  const load = (a, b) => (b.cpuS - a.cpuS) / span;
  return {
    workers,
    windowsSent: counts.windows - counts.unsent,
    windowsArrived: counters.windows,
    windowsMissing: counters.missing,
    rebirthsAsked: counters.rebirthsAsked,
    staleMessages: counters.stale,
    stateAge: { p50Ms: quantile(ages, 0.5), p99Ms: quantile(ages, 0.99), maxMs: Math.max(...ages) },
    cores: {
      fleet: load(fleetFrom, fleetTo),
      simulator: load(simulatorFrom, simulatorTo),
      broker: load(brokerFrom, brokerTo),
    },
    fleetMemory: {
      rssMiB: fleetTo.rssMiB,
      kibPerDevice: ((fleetTo.rssMiB - before.rssMiB) * 1024) / devices,
    },
  };
}

const runs = [];
for (const workers of options.workers.split(',').map(Number)) runs.push(await run(workers));
report({ scenario: 'fleet', broker: 'mosquitto', devices, rateHz: 1, seconds, runs }, options.out);
