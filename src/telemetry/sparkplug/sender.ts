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
import {
  CommandDesk,
  type CommandCounts,
  type CommandReport,
  type Commands,
} from './command-desk.js';
import { EdgeNode } from './edge-node.js';
import { PingBarrier } from './ping-barrier.js';
import {
  healthValues,
  NODE_METRICS,
  propertiesOf,
  SESSION_METRICS,
  sessionValues,
  type MetricValues,
} from './metrics.js';

export interface SparkplugOptions {
  /** Sparkplug group; letters, digits, `.`, `_` and `-`. Default: 'sonotrack'. */
  group?: string;
  /** Nothing goes out while this host is not online. Default: none is waited for. */
  primaryHost?: string;
  /** What a host may command beside Rebirth: the allow list. Default: nothing. */
  commands?: Commands;
  /** Told of every command but Rebirth when it begins and when it has ended. */
  onCommand?: (report: CommandReport) => void;
}

interface SenderOptions extends SparkplugOptions {
  broker: BrokerOptions;
  deviceId: string;
  device: DeviceInfo;
  dir: string;
  journal: Journal<TelemetryWindow>;
  reader: string;
  onTrouble?: ((message: string) => void) | undefined;
}

export const SPARKPLUG_DEFAULTS = { group: 'sonotrack' };
export const SESSION_DEVICE = 'session';
/** Windows between two pings. */
const BATCH = 64;
const BDSEQ_FILE = 'bdseq';

export class SparkplugSender {
  readonly #journal: Journal<TelemetryWindow>;
  readonly #reader: string;
  readonly #desk: CommandDesk;
  readonly #onCommand: SparkplugOptions['onCommand'];
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
    this.#onCommand = options.onCommand;
    this.#desk = new CommandDesk(commands, (report) => this.#tellCommand(report));
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
      onTrouble: (message) => options.onTrouble?.(message),
      onCommand: (written) => void this.#desk.take(written),
    });
    this.#node.setNode(countValues(this.#desk.counts), Date.now());
    this.useDevice(device);
    this.#node.addDevice(SESSION_DEVICE, SESSION_METRICS, {});
  }

  /** @throws RangeError for a group or host that could not stand in a topic */
  static async create(options: SenderOptions): Promise<SparkplugSender> {
    if (options.group !== undefined) checkDeviceId(options.group, 'group');
    if (options.primaryHost !== undefined) checkDeviceId(options.primaryHost, 'primaryHost');
    return new SparkplugSender(options, await savedNumber(join(options.dir, BDSEQ_FILE)));
  }

  /** Commands but Rebirth since the process began, by what came of them. */
  get commandCounts(): Readonly<CommandCounts> {
    return this.#desk.counts;
  }

  /** What runs from now on: `Properties/…`, in data at once and in births to come. */
  useDevice(device: DeviceInfo): void {
    this.#node.setNode(propertiesOf(device, packageVersion()), Date.now());
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

  #tellCommand(report: CommandReport): void {
    const { name, result } = report;
    const values = { 'Command/Name': name, 'Command/Result': result };
    this.#node.setNode({ ...values, ...countValues(this.#desk.counts) }, Date.now());
    this.#onCommand?.(report);
  }
}

const countValues = ({ done, refused, failed }: CommandCounts): MetricValues => ({
  'Command/Done': done,
  'Command/Refused': refused,
  'Command/Failed': failed,
});

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
