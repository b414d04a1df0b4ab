/**
 * Sends a journal's windows as metrics of a Sparkplug node: `Properties/…` and `Health/…` of the node itself, and its
 * device `session`. Sparkplug data are QoS 0, so that no broker acknowledges them; a ping sent behind them does: what the
 * broker answers comes after all that was sent before it.
 */
import { readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { packageVersion } from '../../runtime/package-info.js';
import type { DeviceInfo } from '../../sdk/types.js';
import type { BrokerOptions } from '../connection.js';
import type { Journal } from '../journal.js';
import { checkDeviceId } from '../topics.js';
import type { TelemetryWindow } from '../window.js';
import { EdgeNode } from './edge-node.js';
import { PingBarrier } from './ping-barrier.js';
import {
  healthValues,
  NODE_METRICS,
  propertiesOf,
  SESSION_METRICS,
  sessionValues,
  type MetricDefinition,
  type MetricValues,
} from './metrics.js';
import type { MetricValue } from './payload.js';

export interface SparkplugOptions {
  /** Sparkplug group; letters, digits, `.`, `_` and `-`. Default: 'sonotrack'. */
  group?: string;
  /** Nothing goes out while this host is not online. Default: none is waited for. */
  primaryHost?: string;
  /** What a host may command beside Rebirth: the allow list. Default: nothing. */
  commands?: Partial<Record<CommandName, Command>>;
}

export const COMMAND_NAMES = ['Profile', 'Log Level', 'Install Model', 'Roll Back Model'] as const;
export type CommandName = (typeof COMMAND_NAMES)[number];

export interface Command {
  type: Extract<MetricDefinition['type'], 'String' | 'Boolean'>;
  /** Resolves to what is told as `Command/Result`; rejects with an error whose message is told. */
  run(value: string | boolean): Promise<string>;
}

interface SenderOptions extends SparkplugOptions {
  broker: BrokerOptions;
  deviceId: string;
  device: DeviceInfo;
  dir: string;
  journal: Journal<TelemetryWindow>;
  reader: string;
}

export const SPARKPLUG_DEFAULTS = { group: 'sonotrack' };
export const SESSION_DEVICE = 'session';
/** Windows between two pings. */
const BATCH = 64;
const BDSEQ_FILE = 'bdseq';

export class SparkplugSender {
  readonly #journal: Journal<TelemetryWindow>;
  readonly #reader: string;
  readonly #commands: Partial<Record<CommandName, Command>>;
  readonly #node: EdgeNode;
  /** Of the connection whose births are out. */
  #barrier: PingBarrier | null = null;
  #historicalTo = 0;
  #running = false;
  #again = false;
  #onAck: () => void = () => undefined;

  private constructor(options: SenderOptions, firstBdSeq: number) {
    const { broker, deviceId, device, dir, journal, reader, primaryHost, commands = {} } = options;
    this.#journal = journal;
    this.#reader = reader;
    this.#commands = commands;
    let bdSeq = firstBdSeq;
    const controls = Object.entries(commands).map(([name, { type }]) => [name, type] as const);
    this.#node = new EdgeNode({
      broker,
      group: options.group ?? SPARKPLUG_DEFAULTS.group,
      node: deviceId,
      metrics: NODE_METRICS,
      controls: Object.fromEntries(controls),
      ...(primaryHost !== undefined && { primaryHost }),
      nextBdSeq: () => {
        const given = bdSeq;
        bdSeq = (bdSeq + 1) % 256;
        void saveNumber(join(dir, BDSEQ_FILE), bdSeq);
        return given;
      },
      onBorn: (client) => {
        this.#barrier = new PingBarrier(client);
        this.#historicalTo = journal.last;
        this.pump();
      },
      onGone: () => {
        this.#barrier = null;
        void journal.rewind(reader);
      },
      onCommand: (target, name, value) => void this.#command(target, name, value),
    });
    this.#node.setNode(propertiesOf(device, packageVersion()), Date.now());
    this.#node.addDevice(SESSION_DEVICE, SESSION_METRICS, {});
  }

  /** @throws RangeError for a group or host that could not stand in a topic */
  static async create(options: SenderOptions): Promise<SparkplugSender> {
    if (options.group !== undefined) checkDeviceId(options.group, 'group');
    if (options.primaryHost !== undefined) checkDeviceId(options.primaryHost, 'primaryHost');
    return new SparkplugSender(options, await savedNumber(join(options.dir, BDSEQ_FILE)));
  }

  /** Sends what waits, in the background. */
  pump(): void {
    this.#again = true;
    if (this.#running) return;
    this.#running = true;
    void this.#run().finally(() => {
      this.#running = false;
      if (this.#again && this.#barrier) this.pump();
    });
  }

  /** Settles when nothing that was appended waits any more. */
  async drained(): Promise<void> {
    await this.#journal.idle();
    while (this.#journal.depth(this.#reader) > 0) {
      await new Promise<void>((resolve) => (this.#onAck = resolve));
    }
  }

  /** Sends NDEATH and disconnects. Idempotent. */
  close(): Promise<void> {
    return this.#node.close();
  }

  async #run(): Promise<void> {
    while (this.#again && this.#barrier) {
      this.#again = false;
      const barrier = this.#barrier;
      while (barrier === this.#barrier) {
        const last = await this.#sendBatch();
        if (last === null || !(await barrier.passed())) break;
        await this.#journal.ack(this.#reader, last);
        this.#onAck();
      }
    }
  }

  /** Gives the number of the last window sent; null when there was none. */
  async #sendBatch(): Promise<number | null> {
    const entries = await this.#journal.read(this.#reader, BATCH);
    for (const { sequence, values: merged, value } of entries) {
      const session = sessionValues(value, { sequence, merged });
      if (sequence <= this.#historicalTo) {
        this.#node.sendPast(SESSION_DEVICE, session, value.endMs);
        continue;
      }
      this.#node.setNode({ ...healthValues(value), ...this.#queueValues() }, value.endMs);
      this.#node.setDevice(SESSION_DEVICE, session, value.endMs);
    }
    return entries.at(-1)?.sequence ?? null;
  }

  #queueValues(): MetricValues {
    return {
      'Queue/Depth': Math.max(0, this.#journal.depth(this.#reader) - 1),
      'Queue/Lost': this.#journal.lost(this.#reader),
    };
  }

  /** Carries out what the allow list holds, and tells what came of it. */
  async #command(target: string | null, metric: string, value: MetricValue): Promise<void> {
    const tell = (result: string): void => {
      const values = { 'Command/Name': metric, 'Command/Result': result };
      this.#node.setNode(values, Date.now());
    };
    const name = COMMAND_NAMES.find((known) => metric === `Node Control/${known}`);
    const command = target === null && name !== undefined ? this.#commands[name] : undefined;
    if (!command) return tell('refused: not allowed');
    if (typeof value !== command.type.toLowerCase()) {
      return tell(`refused: expected a value of type ${command.type}`);
    }
    try {
      tell('running');
      tell(await command.run(value as string | boolean));
    } catch (error) {
      tell(`failed: ${error instanceof Error ? error.message : String(error)}`);
    }
  }
}

async function savedNumber(file: string): Promise<number> {
  const text = await readFile(file, 'utf8').catch(() => '0');
  const number = Number.parseInt(text, 10);
  return number >= 0 && number < 256 ? number : 0;
}

/** A number that could not be saved costs a host no more than a doubt about an old death. */
async function saveNumber(file: string, number: number): Promise<void> {
  await writeFile(`${file}.partial`, String(number))
    .then(() => rename(`${file}.partial`, file))
    .catch(() => undefined);
}
