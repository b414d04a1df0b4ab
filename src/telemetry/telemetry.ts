/**
 * A session's publisher over MQTT: masks as they come, one latency window a second, status with a last will; the same windows
 * as metrics of a Sparkplug B node. Windows are kept on disk until the broker has them. Nothing here waits in, or throws into, the session. No pixels and no identifiers
 * of patients go out.
 */
import type { MqttClient } from 'mqtt';
import type { LatencyReport, LiveResult, Publisher } from '../live/types.js';
import type { FirmwareProfile } from '../runtime/profiles.js';
import { checkObject, checkString } from '../runtime/validate.js';
import type { DeviceInfo } from '../sdk/types.js';
import { BrokerConnection, settlesWithin, type BrokerOptions } from './connection.js';
import { HealthMonitor } from './health.js';
import { Journal, type JournalOptions } from './journal.js';
import { LatencySender, latencyFacts } from './latency-sender.js';
import { MaskSender } from './mask-sender.js';
import { ResultStatistics } from './result-statistics.js';
import { NO_COMMANDS, type CommandCounts } from './sparkplug/command-desk.js';
import { SparkplugSender, type SparkplugOptions } from './sparkplug/sender.js';
import { checkDeviceId, statusTopic } from './topics.js';
import { encodeStages, mergeWindows, type TelemetryWindow } from './window.js';

export interface TelemetryOptions {
  broker: BrokerOptions;
  /** Part of every topic: letters, digits, `.`, `_` and `-`, 1–64 characters. */
  deviceId: string;
  device: DeviceInfo;
  profile: Pick<FirmwareProfile, 'telemetry' | 'thermalLadder'>;
  /** Folder of the windows that wait for the broker; one process at a time. */
  dir: string;
  /** Limits of that folder. */
  limits?: Pick<JournalOptions<never>, 'maxBytes' | 'maxAgeMs' | 'mergeAtMost'>;
  /** Why the broker cannot be reached, or refuses; told again only when it changes. Default: nobody is told. */
  onTrouble?: (message: string) => void;
  /** Absent: no Sparkplug node. */
  sparkplug?: SparkplugOptions;
}

/** JSON of `sonotrack/v1/{device}/status`, retained; `offline` is also the last will. */
export interface StatusMessage {
  deviceId: string;
  status: 'online' | 'offline';
}

export interface Telemetry extends Publisher {
  readonly connected: boolean;
  /** Windows measured since the device's first, all of them on disk or with the broker; the number of the last. */
  readonly measured: number;
  /** Windows that wait for the broker, and those lost before it had them. */
  readonly waiting: number;
  readonly lost: number;
  /** Commands of Sparkplug hosts since the process began, by what came of them. */
  readonly commands: Readonly<CommandCounts>;
  /** Another device or profile runs from now on: told in all that follows, as `Properties/…` of the Sparkplug node at once. */
  useDevice(device: DeviceInfo, profile: TelemetryOptions['profile']): void;
  /** Resolves once every window so far is with the broker; false when that takes longer. */
  flush(withinMs: number): Promise<boolean>;
  /** Sends what it can within a second, says `offline` and disconnects; the rest stays on disk. Idempotent. */
  close(): Promise<void>;
}

const CLOSE_TIMEOUT_MS = 1000;
const LATENCY_READER = 'latency';
const SPARKPLUG_READER = 'sparkplug';

/**
 * Opens the folder, and connects in the background.
 * @throws TypeError, RangeError for a wrong option; Error when another process uses the folder
 */
export async function createTelemetry(options: TelemetryOptions): Promise<Telemetry> {
  const names = [
    'broker',
    'deviceId',
    'device',
    'profile',
    'dir',
    'limits',
    'sparkplug',
    'onTrouble',
  ];
  checkObject(options, 'options', names);
  checkDeviceId(options.deviceId);
  checkString(options.dir, 'dir');
  const journal = await Journal.open<TelemetryWindow>({
    ...options.limits,
    dir: options.dir,
    readers: options.sparkplug ? [LATENCY_READER, SPARKPLUG_READER] : [LATENCY_READER],
    merge: mergeWindows,
  });
  try {
    const sparkplug = options.sparkplug
      ? await SparkplugSender.create({
          ...options,
          ...options.sparkplug,
          journal,
          reader: SPARKPLUG_READER,
        })
      : null;
    return new MqttTelemetry(options, journal, sparkplug);
  } catch (error) {
    await journal.close();
    throw error;
  }
}

class MqttTelemetry implements Telemetry {
  readonly name = 'mqtt';
  readonly #deviceId: string;
  readonly #journal: Journal<TelemetryWindow>;
  #health: HealthMonitor;
  readonly #masks: MaskSender;
  readonly #statistics = new ResultStatistics();
  readonly #connection: BrokerConnection;
  readonly #latency: LatencySender;
  readonly #sparkplug: SparkplugSender | null;
  #closing: Promise<void> | null = null;

  constructor(
    options: TelemetryOptions,
    journal: Journal<TelemetryWindow>,
    sparkplug: SparkplugSender | null,
  ) {
    const { deviceId, device, profile, broker } = options;
    this.#deviceId = deviceId;
    this.#journal = journal;
    this.#sparkplug = sparkplug;
    this.#health = new HealthMonitor(profile.thermalLadder);
    this.#masks = new MaskSender(deviceId, profile.telemetry.masks);
    const facts = latencyFacts(deviceId, device);
    this.#latency = new LatencySender(journal, LATENCY_READER, facts);
    this.#connection = new BrokerConnection(broker, {
      clientId: `sonotrack-${deviceId}`,
      will: () => ({
        topic: statusTopic(deviceId),
        payload: this.#status('offline'),
        qos: 1,
        retain: true,
      }),
      onUp: (client) => {
        client.publish(statusTopic(deviceId), this.#status('online'), { qos: 1, retain: true });
        this.#latency.up(client);
      },
      onDown: () => this.#latency.down(),
      onTrouble: (message) => options.onTrouble?.(message),
    });
  }

  get commands(): Readonly<CommandCounts> {
    return this.#sparkplug?.commandCounts ?? NO_COMMANDS;
  }

  get connected(): boolean {
    return this.#connection.connected;
  }

  get measured(): number {
    return this.#journal.last;
  }

  get waiting(): number {
    return this.#journal.depth(LATENCY_READER);
  }

  get lost(): number {
    return this.#journal.lost(LATENCY_READER);
  }

  onResult(result: LiveResult): void {
    this.#statistics.add(result);
    this.#masks.send(this.#connection.client, result, performance.now());
  }

  onLatency(report: LatencyReport): void {
    const endMs = Date.now();
    const window: TelemetryWindow = {
      startMs: endMs - report.windowS * 1000,
      endMs,
      windowS: report.windowS,
      results: Math.round(report.fps * report.windowS),
      dropped: report.dropped,
      ...this.#statistics.take(),
      ...encodeStages(report),
      counters: { ...report.counters },
      health: this.#health.read(),
      masks: { ...this.#masks.counters },
    };
    // A journal that is closed has had its last window.
    this.#journal.append(window).then(
      () => {
        this.#latency.pump();
        this.#sparkplug?.pump();
      },
      () => undefined,
    );
  }

  useDevice(device: DeviceInfo, profile: TelemetryOptions['profile']): void {
    this.#health = new HealthMonitor(profile.thermalLadder);
    this.#masks.settings = profile.telemetry.masks;
    this.#latency.facts = latencyFacts(this.#deviceId, device);
    this.#sparkplug?.useDevice(device);
  }

  async flush(withinMs: number): Promise<boolean> {
    const drained = [this.#latency.drained(), this.#sparkplug?.drained()];
    return settlesWithin(Promise.all(drained), withinMs);
  }

  close(): Promise<void> {
    this.#closing ??= this.#end();
    return this.#closing;
  }

  async #end(): Promise<void> {
    const { client } = this.#connection;
    if (client) {
      await this.flush(CLOSE_TIMEOUT_MS);
      await settlesWithin(this.#sayOffline(client), CLOSE_TIMEOUT_MS);
    }
    this.#latency.down();
    await Promise.all([this.#connection.close(), this.#sparkplug?.close()]);
    await this.#journal.close();
  }

  async #sayOffline(client: MqttClient): Promise<void> {
    const options = { qos: 1, retain: true } as const;
    await client.publishAsync(statusTopic(this.#deviceId), this.#status('offline'), options);
  }

  #status(status: StatusMessage['status']): Buffer {
    return Buffer.from(
      JSON.stringify({ deviceId: this.#deviceId, status } satisfies StatusMessage),
    );
  }
}
