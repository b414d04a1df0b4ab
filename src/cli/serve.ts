import { hostname } from 'node:os';
import { join } from 'node:path';
import { InvalidArgumentError, Option, type Command } from 'commander';
import { openSource } from '../io/sources/index.js';
import { createSession } from '../live/session.js';
import type { Publisher } from '../live/types.js';
import { BundleStore } from '../runtime/bundle-store.js';
import { packageRoot } from '../runtime/package-info.js';
import { SERVER_DEFAULTS } from '../server/options.js';
import { startBroker, type EmbeddedBroker } from '../telemetry/embedded-broker.js';
import { redact } from '../telemetry/connection.js';
import { SPARKPLUG_DEFAULTS, type SparkplugOptions } from '../telemetry/sparkplug/sender.js';
import { NO_COMMANDS } from '../telemetry/sparkplug/command-desk.js';
import { createTelemetry, type Telemetry } from '../telemetry/telemetry.js';
import { checkDeviceId } from '../telemetry/topics.js';
import { UsageError } from './failure.js';
import { Log, LOG_LEVELS, sessionLog, type LogLevel } from './log.js';
import { brokerOf, withMqtt, type MqttCliOptions } from './mqtt-options.js';
import { ALLOWABLE, commandsOf, logCommand, type Allowable } from './remote-commands.js';
import { BUDGETS, RunningDevice, type DeviceUser } from './running-device.js';
import { RemoteModels } from './remote-models.js';
import { serverOptionsOf, withServer, type ServerCliOptions } from './server-options.js';
import { deviceOptionsOf, type GlobalOptions } from './shared.js';
import { startService } from './service.js';
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
  allowCommand: Allowable[];
  modelsInbox?: string;
  logLevel?: LogLevel;
}

/** MQTT's own port; the embedded broker steps aside when it is taken and no port was asked for. */
const MQTT_PORT = 1883;

/** The source that other processes send their frames to. */
const INGEST = 'ingest:';

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
    .addOption(
      new Option(
        '--allow-command <names...>',
        'what Sparkplug hosts may command beside Rebirth (default: nothing)',
      )
        .choices(ALLOWABLE)
        .default([], 'nothing'),
    )
    .option('--models-inbox <dir>', 'folder of the bundles that hosts may install by name')
    .addOption(
      new Option('--log-level <level>', 'what is told on standard error')
        .choices(LOG_LEVELS)
        .default(undefined, 'info; silent with --quiet'),
    )
    .addHelpText('after', EXAMPLES)
    .action(() => run(serve.optsWithGlobals()));
  withServer(serve);
  withMqtt(serve);
}

async function run(options: ServeOptions): Promise<void> {
  if (options.mqtt !== undefined && options.embeddedBroker !== undefined) {
    throw new UsageError('expected either --mqtt or --embedded-broker, not both');
  }
  const hasNode = options.sparkplug && (options.mqtt ?? options.embeddedBroker) !== undefined;
  if (options.allowCommand.length > 0 && !hasNode) {
    throw new UsageError(
      'expected --mqtt or --embedded-broker, with Sparkplug, for --allow-command',
    );
  }
  const serverOptions = await serverOptionsOf(options);
  checkDeviceId(options.deviceId);
  const log = new Log(options.logLevel ?? (options.quiet ? 'silent' : 'info'));
  // What was opened is closed in the opposite order, whatever happens.
  const closers: (() => unknown)[] = [];
  const stopped = untilSignal();
  try {
    // Only these commands need the server's native library, which not every board can load.
    const { IngestSource } = await import('../server/ingest.js');
    const { startServer } = await import('../server/server.js');
    const ingest = options.source === INGEST ? new IngestSource() : null;
    const source = ingest ?? (await openSource(options.source, { realtime: true, loop: true }));
    closers.push(() => source.close());
    const { budget: budgetMs } = options;
    const running = await RunningDevice.open(deviceOptionsOf(options), { budgetMs });
    closers.push(() => running.close());
    const { device } = running;
    const models = await installedModelsOf(options, running);
    const broker = await openBroker(options, log);
    if (broker) closers.push(() => broker.close());
    const mqttUrl = broker?.url ?? options.mqtt;
    let telemetry: Telemetry | null = null;
    const server = await startServer({
      ...serverOptions,
      ingest,
      port: options.port,
      pageDir: join(packageRoot(), 'dist', 'web'),
      device: device.info,
      source: () => source.info,
      health: () => running.health(),
      commands: () => telemetry?.commands ?? NO_COMMANDS,
      onWait: () => log.info(`port ${options.port} is still being released, waiting for it`),
    });
    closers.push(() => server.close());
    const publishers: Publisher[] = [server.publisher, sessionLog(log)];
    const users: DeviceUser[] = [(info) => server.useDevice(info)];
    if (models) {
      const probation = await models.probation(log);
      publishers.push(probation);
      let { bundle } = device.info.models;
      users.push(({ models: { bundle: now } }) => {
        if (now !== bundle) probation.restart();
        bundle = now;
      });
    }
    if (mqttUrl !== undefined) {
      const { deviceId } = options;
      const folder = await openTelemetryDir(options);
      closers.push(() => folder.dispose());
      const created = (telemetry = await createTelemetry({
        broker: await brokerOf(mqttUrl, options),
        deviceId,
        device: device.info,
        profile: running.profile,
        dir: folder.dir,
        onTrouble: (message) => log.warn(`MQTT: ${message}`),
        ...(options.sparkplug && {
          sparkplug: {
            ...sparkplugOf(options),
            commands: commandsOf(options.allowCommand, { running, log, models }),
            onCommand: (report) => logCommand(log, report),
          },
        }),
      }));
      publishers.push(created);
      users.push((info, firmware) => created.useDevice(info, firmware));
      closers.push(() => created.close());
    }
    const session = createSession({
      source,
      device,
      publishers,
      ...running.limits,
    });
    closers.push(() => session.close());
    server.attach(session);
    running.attach(session, users);
    const addresses = [server.url, ...(mqttUrl === undefined ? [] : [redact(mqttUrl)])];
    process.stdout.write(`ready ${addresses.join(' ')}\n`);
    const service = startService({
      isWell: () => session.status.state !== 'fault',
      onTrouble: (message) => log.warn(message),
    });
    closers.push(() => service.stopping());
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

/** Null where the models come from no store. */
async function installedModelsOf(
  { allowCommand, modelsDir, modelsInbox, trust }: ServeOptions,
  running: RunningDevice,
): Promise<RemoteModels | null> {
  const installs = allowCommand.includes('install-model');
  if (modelsDir === undefined || !(await BundleStore.isStore(modelsDir))) {
    if (!installs && !allowCommand.includes('roll-back-model')) return null;
    throw new UsageError('expected a store of models as --models-dir to change models by command');
  }
  if (installs && modelsInbox === undefined) {
    throw new UsageError('expected --models-inbox for --allow-command install-model');
  }
  const inbox = modelsInbox ?? modelsDir;
  return RemoteModels.open({ store: modelsDir, inbox, keyFiles: trust }, running);
}

async function openBroker(options: ServeOptions, log: Log): Promise<EmbeddedBroker | null> {
  const { embeddedBroker } = options;
  if (embeddedBroker === undefined) return null;
  if (embeddedBroker !== true) return startBroker(embeddedBroker);
  try {
    return await startBroker(MQTT_PORT);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EADDRINUSE') throw error;
    log.info(`port ${MQTT_PORT} is taken, the embedded broker takes a free one`);
    return startBroker(0);
  }
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
