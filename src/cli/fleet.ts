import { homedir } from 'node:os';
import { join } from 'node:path';
import { InvalidArgumentError, type Command } from 'commander';
import { ALERT_DEFAULTS, Alerts } from '../fleet/alerts.js';
import { History } from '../fleet/history.js';
import { openPostgres } from '../fleet/history-postgres.js';
import { openSqlite } from '../fleet/history-sqlite.js';
import { FLEET_DEFAULTS, FleetHost } from '../fleet/host.js';
import { startFleetServer } from '../fleet/server.js';
import { packageRoot } from '../runtime/package-info.js';
import { redact } from '../telemetry/connection.js';
import { brokerOf, withMqtt, type MqttCliOptions } from './mqtt-options.js';
import type { GlobalOptions } from './shared.js';
import { untilSignal } from './signal.js';

interface FleetOptions extends GlobalOptions, MqttCliOptions {
  mqtt: string;
  host: string;
  port: number;
  hostId: string;
  workers: number;
  history: string | false;
  keepDays: number;
  alertLatency: number;
  alertDrops: number;
  alertOffline: number;
  expectModels?: string;
}

const EXAMPLES = `
Examples:
  $ sonotrack fleet --mqtt mqtt://127.0.0.1
  $ sonotrack fleet --mqtt mqtts://broker.local --mqtt-user fleet --workers 4 --history postgres://fleet@db.local/fleet

The first line on standard output, when it is connected, is: ready http://HOST:PORT`;

export function addFleet(program: Command): void {
  const fleet = program
    .command('fleet')
    .description('Watch many devices: a Sparkplug host with a page, alerts and /metrics.')
    .requiredOption('--mqtt <url>', 'broker')
    .option('--host <address>', 'loopback address to listen on', '127.0.0.1')
    .option('--port <port>', 'port of the page, 0 for a free one', number(0, 65_535), 8090)
    .option('--host-id <id>', 'id of the host in STATE topics', FLEET_DEFAULTS.hostId)
    .option(
      '--workers <n>',
      'receivers that share the load (MQTT 5)',
      number(1, 16),
      FLEET_DEFAULTS.workers,
    )
    .option('--history <where>', 'a file (SQLite), or a postgres:// URL', defaultHistory())
    .option('--no-history', 'keep no history')
    .option('--keep-days <n>', 'how long history is kept', number(1, 10_000), 30)
    .option(
      '--alert-latency <ms>',
      'total latency, p95',
      number(0.1, 1e6),
      ALERT_DEFAULTS.latencyP95Ms,
    )
    .option('--alert-drops <share>', 'frames dropped, 0–1', number(0, 1), ALERT_DEFAULTS.dropShare)
    .option(
      '--alert-offline <s>',
      'time offline or silent',
      number(1, 1e7),
      ALERT_DEFAULTS.offlineS,
    )
    .option('--expect-models <bundle>', 'bundle that all should run (default: what most run)')
    .addHelpText('after', EXAMPLES)
    .action(() => run(fleet.optsWithGlobals()));
  withMqtt(fleet);
}

async function run(options: FleetOptions): Promise<void> {
  const alerts = new Alerts({
    latencyP95Ms: options.alertLatency,
    dropShare: options.alertDrops,
    offlineS: options.alertOffline,
    ...(options.expectModels !== undefined && { models: options.expectModels }),
  });
  const broker = await brokerOf(options.mqtt, options);
  const stopped = untilSignal();
  const closers: (() => unknown)[] = [];
  try {
    const history = await openHistory(options);
    const { hostId, workers } = options;
    const fleet = new FleetHost({
      broker,
      hostId,
      workers,
      ...(history && { history }),
      onTrouble: (message) => {
        if (!options.quiet) process.stderr.write(`sonotrack: MQTT: ${message}\n`);
      },
    });
    closers.push(() => fleet.close());
    const server = await startFleetServer({
      host: options.host,
      port: options.port,
      fleet,
      alerts,
      history,
      pageDir: join(packageRoot(), 'dist', 'web'),
    });
    closers.push(() => server.close());
    process.stdout.write(`ready ${server.url}\n`);
    if (!options.quiet) {
      const kept = history ? `history in ${history.name}` : 'no history';
      process.stderr.write(`sonotrack: devices on ${redact(options.mqtt)}, ${kept}\n`);
    }
    await stopped.signal;
  } finally {
    stopped.dispose();
    for (const close of closers.reverse()) await close();
  }
}

async function openHistory({ history, keepDays }: FleetOptions): Promise<History | null> {
  if (history === false) return null;
  const isPostgres = /^postgres(ql)?:\/\//.test(history);
  return new History(isPostgres ? await openPostgres(history) : openSqlite(history), keepDays);
}

const defaultHistory = (): string =>
  join(process.env.XDG_STATE_HOME ?? join(homedir(), '.local', 'state'), 'sonotrack', 'fleet.db');

function number(least: number, most: number): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (text !== '' && value >= least && value <= most) return value;
    throw new InvalidArgumentError(`expected a number from ${least} to ${most}.`);
  };
}
