import { hostname } from 'node:os';
import { join } from 'node:path';
import { InvalidArgumentError, type Command } from 'commander';
import { openSource } from '../io/sources/index.js';
import { createSession } from '../live/session.js';
import { packageRoot } from '../runtime/package-info.js';
import { loadProfile } from '../runtime/profiles.js';
import { openDevice } from '../sdk/device.js';
import { IngestSource } from '../server/ingest.js';
import { SERVER_DEFAULTS, startServer } from '../server/server.js';
import { startBroker, type EmbeddedBroker } from '../telemetry/embedded-broker.js';
import { redact } from '../telemetry/connection.js';
import { HealthMonitor } from '../telemetry/health.js';
import { SPARKPLUG_DEFAULTS, type SparkplugOptions } from '../telemetry/sparkplug/sender.js';
import { createTelemetry } from '../telemetry/telemetry.js';
import { checkDeviceId } from '../telemetry/topics.js';
import { UsageError } from './failure.js';
import { brokerOf, withMqtt, type MqttCliOptions } from './mqtt-options.js';
import { serverOptionsOf, withServer, type ServerCliOptions } from './server-options.js';
import { deviceOptionsOf, type GlobalOptions } from './shared.js';
import { untilSignal } from './signal.js';
import { openTelemetryDir } from './telemetry-dir.js';

interface ServeOptions extends GlobalOptions, MqttCliOptions, ServerCliOptions {
  source: string;
  port: number;
  mqtt?: string;
  embeddedBroker?: number | true;
  deviceId: string;
  budget?: number;
  telemetryDir?: string;
  sparkplug: boolean;
  sparkplugGroup: string;
  primaryHost?: string;
}

/** MQTT's own port; the embedded broker steps aside when it is taken and no port was asked for. */
const MQTT_PORT = 1883;

/** The source that other processes send their frames to. */
const INGEST = 'ingest:';

/** A mask that takes this many times the profile's frame budget is withdrawn: far beyond a busy moment. */
const BUDGETS = 10;
/** Memory of the cine, at most a quarter of what the profile allows the process. */
const CINE_MIB = 256;

const EXAMPLES = `
Examples:
  $ sonotrack serve --embedded-broker
  $ sonotrack serve --source frames/ --port 0
  $ sonotrack serve --host 0.0.0.0 --auth-key public.pem --allow-origin https://ward-3.example --tls-key k.pem --tls-cert c.pem
  $ sonotrack serve --source phantom:?seed=3 --mqtt mqtt://broker.local --device-id bay-4

The first line on standard output, when everything runs, is: ready http://HOST:PORT mqtt://HOST:PORT`;

export function addServe(program: Command): void {
  const serve = program
    .command('serve')
    .description('Show a source live in the browser; click on a structure to follow it.')
    .option(
      '--source <uri>',
      'folder of images, multi-page TIFF, phantom:, or ingest: (frames over /ingest)',
      'phantom:',
    )
    .option('--port <port>', 'port of the page, 0 for a free one', parsePort, SERVER_DEFAULTS.port)
    .option(
      '--budget <ms>',
      `time after which a mask is withdrawn (default: ${BUDGETS} times the profile's frameBudgetMs)`,
      parseBudget,
    )
    .option('--mqtt <url>', 'publish masks, latency and status to this broker')
    .option(
      '--embedded-broker [port]',
      `publish to a broker in this process, on loopback (port: ${MQTT_PORT}, 0 for a free one)`,
      parsePort,
    )
    .option('--device-id <id>', 'name in MQTT topics (default: the host name)', defaultDeviceId())
    .option(
      '--telemetry-dir <dir>',
      'folder of what waits for the broker (default: in the state folder of the user)',
    )
    .option('--sparkplug-group <name>', 'Sparkplug group of the device', SPARKPLUG_DEFAULTS.group)
    .option('--primary-host <id>', 'send Sparkplug data only while this host is online')
    .option('--no-sparkplug', 'no Sparkplug node')
    .addHelpText('after', EXAMPLES)
    .action(() => run(serve.optsWithGlobals()));
  withServer(serve);
  withMqtt(serve);
}

async function run(options: ServeOptions): Promise<void> {
  if (options.mqtt !== undefined && options.embeddedBroker !== undefined) {
    throw new UsageError('expected either --mqtt or --embedded-broker, not both');
  }
  const serverOptions = await serverOptionsOf(options);
  checkDeviceId(options.deviceId);
  // What was opened is closed in the opposite order, whatever happens.
  const closers: (() => unknown)[] = [];
  const stopped = untilSignal();
  try {
    const ingest = options.source === INGEST ? new IngestSource() : null;
    const source = ingest ?? (await openSource(options.source, { realtime: true, loop: true }));
    closers.push(() => source.close());
    const firmware = await loadProfile(options.profile);
    const { frameBudgetMs, memoryCeilingMb, thermalLadder } = firmware;
    const health = new HealthMonitor(thermalLadder);
    const device = await openDevice(deviceOptionsOf(options));
    closers.push(() => device.close());
    const broker = await openBroker(options);
    if (broker) closers.push(() => broker.close());
    const mqttUrl = broker?.url ?? options.mqtt;
    const server = await startServer({
      ...serverOptions,
      ingest,
      port: options.port,
      pageDir: join(packageRoot(), 'dist', 'web'),
      device: device.info,
      source: () => source.info,
      health: () => health.read(),
      onWait: () => tell(options, `port ${options.port} is still being released, waiting for it`),
    });
    closers.push(() => server.close());
    const publishers = [server.publisher];
    if (mqttUrl !== undefined) {
      const { deviceId } = options;
      const folder = await openTelemetryDir(options);
      closers.push(() => folder.dispose());
      const telemetry = await createTelemetry({
        broker: await brokerOf(mqttUrl, options),
        deviceId,
        device: device.info,
        profile: firmware,
        dir: folder.dir,
        ...(options.sparkplug && { sparkplug: sparkplugOf(options) }),
      });
      publishers.push(telemetry);
      closers.push(() => telemetry.close());
    }
    const session = createSession({
      source,
      device,
      publishers,
      budgetMs: options.budget ?? Math.min(BUDGETS * frameBudgetMs, 60_000),
      cineMiB: Math.min(CINE_MIB, Math.floor((memoryCeilingMb ?? Infinity) / 4)),
    });
    closers.push(() => session.close());
    server.attach(session);
    const addresses = [server.url, ...(mqttUrl === undefined ? [] : [redact(mqttUrl)])];
    process.stdout.write(`ready ${addresses.join(' ')}\n`);
    await Promise.race([session.done, stopped.signal]);
  } finally {
    stopped.dispose();
    for (const close of closers.reverse()) await close();
  }
}

const sparkplugOf = ({ sparkplugGroup, primaryHost }: ServeOptions): SparkplugOptions => ({
  group: sparkplugGroup,
  ...(primaryHost !== undefined && { primaryHost }),
});

async function openBroker(options: ServeOptions): Promise<EmbeddedBroker | null> {
  const { embeddedBroker } = options;
  if (embeddedBroker === undefined) return null;
  if (embeddedBroker !== true) return startBroker(embeddedBroker);
  try {
    return await startBroker(MQTT_PORT);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EADDRINUSE') throw error;
    tell(options, `port ${MQTT_PORT} is taken, the embedded broker takes a free one`);
    return startBroker(0);
  }
}

function tell({ quiet }: GlobalOptions, text: string): void {
  if (!quiet) process.stderr.write(`sonotrack: ${text}\n`);
}

function parsePort(text: string): number {
  const port = /^\d{1,5}$/.test(text) ? Number(text) : Number.NaN;
  if (port <= 65535) return port;
  throw new InvalidArgumentError('expected a port from 0 to 65535.');
}

function parseBudget(text: string): number {
  const ms = Number(text);
  if (ms >= 10 && ms <= 60_000) return ms;
  throw new InvalidArgumentError('expected 10 to 60000 ms.');
}

function defaultDeviceId(): string {
  const name = hostname()
    .replaceAll(/[^A-Za-z0-9._-]/g, '-')
    .slice(0, 64);
  return name || 'device';
}
