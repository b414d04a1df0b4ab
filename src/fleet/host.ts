/**
 * The Sparkplug host application (§5.4): tells its STATE, keeps the state of every node from its messages in order, asks for
 * a Rebirth where a birth was not heard or a message stays missing, and hands windows to the history.
 */
import { Worker } from 'node:worker_threads';
import { newHistogram, recordMs, type Histogram } from '../live/histogram.js';
import { checkInteger, checkNumber, checkObject } from '../runtime/validate.js';
import { BrokerConnection, settlesWithin, type BrokerOptions } from '../telemetry/connection.js';
import { encodeSparkplug, type MetricValue } from '../telemetry/sparkplug/payload.js';
import { sparkplugTopic, stateTopic, type HostState } from '../telemetry/sparkplug/topics.js';
import { checkDeviceId } from '../telemetry/topics.js';
import type { History } from './history.js';
import { NodeState } from './node-state.js';
import type { HostMessage, WorkerMessage } from './receiver-worker.js';
import { Receiver, type Update } from './receiver.js';

export interface FleetHostOptions {
  broker: BrokerOptions;
  /** Its id in STATE topics. Default: 'fleet'. */
  hostId?: string;
  /** Receivers that share the load, 1–16; more than one needs MQTT 5. Default: 1. */
  workers?: number;
  /** How long a message may wait for one before it, ms, 100–60,000 (§5.4.2). Default: 2000. */
  reorderMs?: number;
  /** Where windows go; absent: nowhere. */
  history?: History;
  /** Why the broker cannot be reached, or refuses. Default: nobody is told. */
  onTrouble?: (message: string) => void;
}

export const FLEET_DEFAULTS = { hostId: 'fleet', workers: 1, reorderMs: 2000 };

/** Least time between two requests for a Rebirth of one node. */
const REBIRTH_EVERY_MS = 10_000;
/** Most requests for a Rebirth within a second: a fleet that must be born anew comes in turns. */
const REBIRTHS_PER_S = 200;
const TICK_MS = 250;
const CLOSE_TIMEOUT_MS = 1000;

export interface FleetCounters {
  messages: number;
  windows: number;
  /** Windows that arrived after they were no longer waited for. */
  late: number;
  /** Messages that came twice, or deaths of an earlier connection. */
  stale: number;
  rebirthsAsked: number;
  damaged: number;
}

type ReceiverHandle = Pick<Receiver, 'settled' | 'close'>;

export class FleetHost {
  readonly nodes = new Map<string, NodeState>();
  readonly counters: FleetCounters = {
    messages: 0,
    windows: 0,
    late: 0,
    stale: 0,
    rebirthsAsked: 0,
    damaged: 0,
  };
  /** From the end of a window on the device's clock until it was in the state, µs; since the start. */
  readonly ages: Histogram = newHistogram();

  readonly #settings: Required<Omit<FleetHostOptions, 'history' | 'broker' | 'onTrouble'>>;
  readonly #history: History | null;
  readonly #onTrouble: (message: string) => void;
  readonly #state: BrokerConnection;
  readonly #receivers: ReceiverHandle[] = [];
  readonly #asked = new Map<string, number>();
  readonly #toAsk = new Set<NodeState>();
  readonly #timer: NodeJS.Timeout;
  /** By receiver. */
  readonly #damaged: number[] = [];
  #up = 0;
  #stateMs = 0;
  /** All that the broker had sent by then is in the state. */
  #settledMs = 0;
  #settling = false;
  #closing: Promise<void> | null = null;

  /** Begins to connect at once. @throws TypeError, RangeError for a wrong option */
  constructor(options: FleetHostOptions) {
    const names = ['broker', 'history', 'onTrouble', ...Object.keys(FLEET_DEFAULTS)];
    checkObject(options, 'options', names);
    const { broker, history, onTrouble, ...given } = options;
    this.#onTrouble = onTrouble ?? (() => undefined);
    this.#settings = { ...FLEET_DEFAULTS, ...given };
    checkDeviceId(this.#settings.hostId, 'hostId');
    checkInteger(this.#settings.workers, 'workers', [1, 16]);
    checkNumber(this.#settings.reorderMs, 'reorderMs', [100, 60_000]);
    this.#history = history ?? null;
    const { hostId, workers } = this.#settings;
    this.#state = new BrokerConnection(broker, {
      clientId: `sonotrack-fleet-${hostId}`,
      // §5.4.4: the death certificate bears the time of the birth that follows it.
      will: () => {
        this.#stateMs = Date.now();
        return { topic: stateTopic(hostId), payload: this.#stateOf(false), qos: 1, retain: true };
      },
      onUp: () => this.#tellState(),
      onTrouble: this.#onTrouble,
    });
    for (let i = 0; i < workers; i += 1) this.#receivers.push(this.#startReceiver(broker, i));
    this.#timer = setInterval(() => this.#tick(), TICK_MS);
  }

  /** Whether every receiver hears and the STATE is told. */
  get connected(): boolean {
    return this.#state.connected && this.#up === this.#settings.workers;
  }

  /** Nodes that are online. */
  get online(): number {
    let count = 0;
    for (const node of this.nodes.values()) if (node.online) count += 1;
    return count;
  }

  /** Windows that nodes have numbered and that have not arrived. */
  get missing(): number {
    let count = 0;
    for (const { windows } of this.nodes.values()) count += windows.count;
    return count;
  }

  /** Writes of the history that failed. */
  get historyErrors(): number {
    return this.#history?.errors ?? 0;
  }

  /** Tells that it goes, and disconnects. Idempotent. */
  close(): Promise<void> {
    this.#closing ??= this.#end();
    return this.#closing;
  }

  #startReceiver(broker: BrokerOptions, index: number): ReceiverHandle {
    const { workers, hostId } = this.#settings;
    const clientId = `sonotrack-fleet-${hostId}-${index}`;
    const shared = workers > 1;
    const onUp = (): void => {
      this.#up += 1;
      this.#tellState();
    };
    const onDown = (): void => void (this.#up = Math.max(0, this.#up - 1));
    if (!shared) {
      const receiver: Receiver = new Receiver({
        broker,
        clientId,
        shared,
        first: true,
        onUpdates: (updates) => this.#receive(updates, index, receiver.damaged),
        onUp,
        onDown,
        onTrouble: this.#onTrouble,
      });
      return receiver;
    }
    // A token is asked for by a function, which does not pass between threads.
    const { token: _token, ...plain } = broker;
    if (_token) throw new TypeError('expected one worker where a `token` is used');
    const worker = new Worker(new URL('./receiver-worker.js', import.meta.url), {
      workerData: { broker: plain, clientId, shared, first: index === 0 },
    });
    let onSettled: () => void = () => undefined;
    worker.on('message', (message: WorkerMessage) => {
      if (message.kind === 'updates') this.#receive(message.updates, index, message.damaged);
      else if (message.kind === 'settled') onSettled();
      else if (message.kind === 'up') onUp();
      else if (message.kind === 'trouble') this.#onTrouble(message.message);
      else onDown();
    });
    const tell = (message: HostMessage): void => worker.postMessage(message);
    return {
      settled: () => {
        tell('settle');
        return new Promise<void>((resolve) => (onSettled = resolve));
      },
      close: async () => {
        const closed = new Promise((resolve) => worker.once('exit', resolve));
        tell('close');
        if (!(await settlesWithin(closed, 2 * CLOSE_TIMEOUT_MS))) await worker.terminate();
      },
    };
  }

  /** Only once everything is heard, since nodes are born when they see it (§5.4.4). */
  #tellState(): void {
    if (!this.connected) return;
    const { hostId } = this.#settings;
    const payload = Buffer.from(this.#stateOf(true));
    this.#state.client?.publish(stateTopic(hostId), payload, { qos: 1, retain: true });
  }

  #stateOf(online: boolean): Buffer {
    return Buffer.from(JSON.stringify({ online, timestamp: this.#stateMs } satisfies HostState));
  }

  #receive(updates: readonly Update[], receiver: number, damaged: number): void {
    this.#damaged[receiver] = damaged;
    this.counters.damaged = this.#damaged.reduce((sum, count) => sum + count, 0);
    const nowMs = Date.now();
    for (const update of updates) {
      this.counters.messages += 1;
      const key = `${update.group}/${update.node}`;
      let node = this.nodes.get(key);
      if (!node) this.nodes.set(key, (node = new NodeState(update.group, update.node)));
      const known = node;
      const outcome = known.receive(update, nowMs, (applied, values) =>
        this.#applied(known, applied, values, nowMs),
      );
      if (outcome === 'late') this.counters.late += 1;
      if (outcome === 'stale') this.counters.stale += 1;
      if (outcome === 'rebirth') this.#toAsk.add(known);
    }
  }

  #applied(
    node: NodeState,
    { type, values, historical, atMs }: Update,
    now: ReadonlyMap<string, MetricValue>,
    nowMs: number,
  ): void {
    if (type !== 'DDATA' || values['Window/Sequence'] === undefined) return;
    this.counters.windows += 1;
    if (!historical) recordMs(this.ages, nowMs - atMs);
    this.#history?.add(node.key, atMs, now);
  }

  #tick(): void {
    void this.#settle();
    const nowMs = Date.now();
    for (const node of this.nodes.values()) {
      const since = node.waitingSinceMs;
      if (since === null || this.#settledMs - since < this.#settings.reorderMs) continue;
      node.giveUp(nowMs, (applied, values) => this.#applied(node, applied, values, nowMs));
      this.#toAsk.add(node);
    }
    let budget = (REBIRTHS_PER_S * TICK_MS) / 1000;
    for (const node of this.#toAsk) {
      if (budget === 0) break;
      if (nowMs - (this.#asked.get(node.key) ?? -Infinity) < REBIRTH_EVERY_MS) continue;
      budget -= 1;
      this.#toAsk.delete(node);
      this.#askRebirth(node, nowMs);
    }
  }

  /**
   * A message counts as missing by what all receivers have read, not by the clock: one that waits for a processor, or for a
   * busy host, is none.
   */
  async #settle(): Promise<void> {
    if (this.#settling) return;
    this.#settling = true;
    const beganMs = Date.now();
    await Promise.all(this.#receivers.map((receiver) => receiver.settled()));
    this.#settledMs = beganMs;
    this.#settling = false;
  }

  #askRebirth({ key, group, node }: NodeState, nowMs: number): void {
    const client = this.#state.client;
    if (!client) return;
    this.#asked.set(key, nowMs);
    this.counters.rebirthsAsked += 1;
    const metrics = [{ name: 'Node Control/Rebirth', type: 'Boolean', value: true }];
    const payload = Buffer.from(encodeSparkplug({ timestampMs: nowMs, metrics }));
    client.publish(sparkplugTopic(group, 'NCMD', node), payload, { qos: 1 });
  }

  async #end(): Promise<void> {
    clearInterval(this.#timer);
    const { client } = this.#state;
    if (client) {
      const options = { qos: 1, retain: true } as const;
      const told = client.publishAsync(
        stateTopic(this.#settings.hostId),
        this.#stateOf(false),
        options,
      );
      await settlesWithin(told, CLOSE_TIMEOUT_MS);
    }
    await Promise.all(this.#receivers.map((receiver) => receiver.close()));
    await this.#state.close();
    await this.#history?.close();
  }
}
