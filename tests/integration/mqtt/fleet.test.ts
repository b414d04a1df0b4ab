/** The fleet host against a real broker and simulated devices; its dashboards and alert rules against its real metrics. */
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { test, type Test } from 'tap';
import { Alerts } from '../../../src/fleet/alerts.js';
import { FleetHost, type FleetHostOptions } from '../../../src/fleet/host.js';
import { startFleetServer } from '../../../src/fleet/server.js';
import { packageRoot } from '../../../src/runtime/package-info.js';
import { startBroker } from '../../../src/telemetry/embedded-broker.js';
import { Simulator, type SimulatorOptions } from '../../../src/telemetry/simulator.js';
import { noMosquitto, startMosquitto } from '../../support/mosquitto.js';

const skip = noMosquitto;
const files = join(packageRoot(), 'docs', 'how-to', 'fleet');

async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await delay(20);
}

function simulate(t: Test, url: string, more: Partial<SimulatorOptions> = {}): Simulator {
  const simulator = new Simulator({
    broker: { url, longestWaitMs: 200 },
    devices: 10,
    rateHz: 20,
    prefix: 'sim-',
    group: 'sonotrack',
    faults: [],
    ...more,
  });
  t.teardown(() => simulator.close());
  return simulator;
}

function fleetOf(t: Test, url: string, more: Partial<FleetHostOptions> = {}): FleetHost {
  const fleet = new FleetHost({ broker: { url }, reorderMs: 300, ...more });
  t.teardown(() => fleet.close());
  return fleet;
}

for (const workers of [1, 3]) {
  test(
    `every window of every device arrives, ${workers} receiver(s)`,
    { skip, timeout: 60_000 },
    async (t) => {
      const broker = await startMosquitto();
      t.teardown(() => broker.close());
      // Longer than any wait for a processor.
      const fleet = fleetOf(t, broker.url, { workers, reorderMs: 20_000 });
      await until(() => fleet.connected);
      const simulator = simulate(t, broker.url, { devices: 40, rateHz: 5, primaryHost: 'fleet' });
      await simulator.start();
      await until(() => fleet.counters.windows > 1000);
      t.equal(fleet.online, 40);
      simulator.stop();
      const { windows, unsent } = simulator.counts;
      await until(() => fleet.counters.windows >= windows - unsent);
      t.equal(fleet.counters.windows, windows - unsent);
      const { late, stale, damaged, rebirthsAsked } = fleet.counters;
      t.same(
        { late, stale, damaged, rebirthsAsked },
        { late: 0, stale: 0, damaged: 0, rebirthsAsked: 0 },
      );
      await simulator.close();
      await until(() => fleet.online === 0);
      await fleet.close();
    },
  );
}

test('several receivers refuse a broker that speaks MQTT 3.1.1 alone, and say why', async (t) => {
  const broker = await startBroker(0);
  t.teardown(() => broker.close());
  const troubles: string[] = [];
  const fleet = fleetOf(t, broker.url, { workers: 2, onTrouble: (text) => troubles.push(text) });
  await until(() => troubles.length >= 2);
  t.match(
    troubles.sort(),
    [0, 1].map((i) => new RegExp(`^sonotrack-fleet-fleet-${i}: several workers need MQTT 5`)),
  );
  t.equal(fleet.connected, false);
  await fleet.close();
});

test(
  'a host that comes late asks for births; lost windows are told',
  { skip, timeout: 60_000 },
  async (t) => {
    const broker = await startMosquitto();
    t.teardown(() => broker.close());
    const simulator = simulate(t, broker.url, { faults: [{ fault: 'gap', share: 0.2 }] });
    await simulator.start();
    await until(() => simulator.counts.born === 10);
    const fleet = fleetOf(t, broker.url);
    await until(() => fleet.online === 10);
    t.equal(fleet.counters.rebirthsAsked, 10);
    await until(() => fleet.missing >= 4);
    for (const { windows, key } of fleet.nodes.values()) {
      const faulty = key.endsWith('05') || key.endsWith('10');
      t.equal(windows.count > 0, faulty, `${key} misses ${windows.count}`);
    }
  },
);

test(
  'names in the dashboard and the alert rules are those of /metrics; promtool agrees',
  { skip, timeout: 60_000 },
  async (t) => {
    const broker = await startMosquitto();
    t.teardown(() => broker.close());
    const fleet = fleetOf(t, broker.url);
    await until(() => fleet.connected);
    const simulator = simulate(t, broker.url, { devices: 2 });
    await simulator.start();
    const alerts = new Alerts();
    const pageDir = join(packageRoot(), 'dist', 'web');
    const server = await startFleetServer({
      host: '127.0.0.1',
      port: 0,
      fleet,
      alerts,
      history: null,
      pageDir,
    });
    t.teardown(() => server.close());
    await until(() => fleet.counters.windows > 10);
    const response = await fetch(`${server.url}/metrics`);
    const text = await response.text();
    const series = new Set(text.match(/^sonotrack_\w+/gm));
    const used = (file: string): string[] =>
      readFileSync(join(files, file), 'utf8').match(/sonotrack_\w+/g) ?? [];
    for (const file of ['grafana.json', 'alerts.yml', 'alerts.test.yml']) {
      const names = [...new Set(used(file))];
      t.ok(names.length > 2);
      t.same(
        names.filter((name) => !series.has(name)),
        [],
        `${file} names only what is there`,
      );
    }
    t.equal((await fetch(`${server.url}/api/device/sonotrack/sim-1`)).status, 200);
    t.equal((await fetch(`${server.url}/api/device/sonotrack/none`)).status, 404);
    t.equal((await fetch(`${server.url}/metrics`, { method: 'POST' })).status, 405);
    t.equal((await fetch(`${server.url}/api/history/sonotrack/sim-1?from=5&to=1`)).status, 400);
    const fleetJson = (await (await fetch(`${server.url}/api/fleet`)).json()) as {
      devices: unknown[];
    };
    t.match(fleetJson.devices, [
      { online: true, models: 'lite 0.1.0', p95Ms: Number },
      { online: true },
    ]);

    const promtool = ['/usr/bin/promtool', '/usr/local/bin/promtool'].find((path) =>
      existsSync(path),
    );
    await t.test(
      'promtool',
      { skip: promtool ? false : 'there is no promtool (Debian package prometheus)' },
      async (t) => {
        const run = (args: string[], input?: string): string =>
          execFileSync(promtool!, args, { cwd: files, input, encoding: 'utf8' });
        t.match(run(['check', 'rules', 'alerts.yml']), /SUCCESS: 9 rules found/);
        t.match(run(['test', 'rules', 'alerts.test.yml']), /SUCCESS/);
        t.match(run(['check', 'config', 'prometheus.yml']), /SUCCESS/);
        t.doesNotThrow(() => run(['check', 'metrics'], text), 'metrics follow the conventions');
      },
    );
  },
);
