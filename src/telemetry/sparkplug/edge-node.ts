/**
 * A Sparkplug B 3.0 edge node: births, data and deaths with their sequence numbers, the primary host's STATE, Rebirth and
 * other commands. It knows nothing of what its metrics mean. Numbers in § are those of the Sparkplug 3.0.0 specification.
 */
import type { MqttClient } from 'mqtt';
import { BrokerConnection, settlesWithin, type BrokerOptions } from '../connection.js';
import { MetricSet } from './metric-set.js';
import type { MetricDefinition, MetricValues } from './metrics.js';
import { decodeSparkplug, encodeSparkplug, type Metric, type MetricValue } from './payload.js';
import {
  parseHostState,
  parseSparkplugTopic,
  publishedTopic,
  sparkplugTopic,
  stateTopic,
  type MessageType,
} from './topics.js';

export interface EdgeNodeOptions {
  broker: BrokerOptions;
  group: string;
  node: string;
  /** Metrics of the node itself. */
  metrics: readonly MetricDefinition[];
  /** Names of `Node Control/…` beside Rebirth that a host may write, with their values at first. */
  controls?: Readonly<Record<string, MetricDefinition['type']>>;
  /** The host without which nothing is sent (§5.4.1); absent: no host is waited for. */
  primaryHost?: string;
  /** Called before each CONNECT for its birth and death number, 0–255; the next one at each call. */
  nextBdSeq: () => number;
  /** Births are out: data may follow. */
  onBorn?: (client: MqttClient) => void;
  /** The connection or the primary host is gone: nothing can be sent. */
  onGone?: () => void;
  /** As of a broker connection. */
  onTrouble?: (message: string) => void;
  /** A host commands something else than Rebirth. */
  onCommand?: (command: WrittenMetric) => void;
}

/** A metric that a host wrote. */
export interface WrittenMetric {
  /** Null: of the node itself. */
  device: string | null;
  /** Null: the message could not be read. */
  name: string | null;
  value: MetricValue;
  /** The broker had kept it, against §6.4.16: nobody knows how old it is. */
  retained: boolean;
}

const REBIRTH = 'Node Control/Rebirth';
const SEQUENCE = 256;
const CLOSE_TIMEOUT_MS = 1000;
/** Aliases of each device begin at a multiple of this. */
const ALIASES = 1000;

export class EdgeNode {
  readonly #options: EdgeNodeOptions;
  readonly #node: MetricSet;
  readonly #devices = new Map<string, MetricSet>();
  readonly #connection: BrokerConnection;
  #client: MqttClient | null = null;
  #born = false;
  #bdSeq = 0;
  #seq = 0;
  #bornMs = 0;
  /** Latest STATE of the primary host that counts. */
  #host: { online: boolean; timestamp: number } = { online: false, timestamp: -Infinity };
  #closing: Promise<void> | null = null;

  /** Begins to connect at once. @throws TypeError, RangeError for a wrong option */
  constructor(options: EdgeNodeOptions) {
    this.#options = options;
    this.#node = new MetricSet(options.metrics, ALIASES);
    this.#connection = new BrokerConnection(options.broker, {
      clientId: `sparkplug-${options.group}-${options.node}`,
      will: () => {
        this.#bdSeq = options.nextBdSeq() % SEQUENCE;
        return { topic: this.#topic('NDEATH'), payload: this.#death(), qos: 1, retain: false };
      },
      onUp: (client) => void this.#up(client),
      onDown: () => this.#gone(),
      onTrouble: (message) => options.onTrouble?.(message),
    });
  }

  /** Whether the births are out. */
  get born(): boolean {
    return this.#born;
  }

  get connection(): BrokerConnection {
    return this.#connection;
  }

  /** Values of the node; those that changed by more than their deadband go out. Gives how many did. */
  setNode(values: MetricValues, timestampMs: number): number {
    this.#node.set(values);
    if (!this.#born) return 0;
    return this.#send('NDATA', null, this.#node.changes(), timestampMs);
  }

  /** A device that is there from now on (DBIRTH), or whose metrics are now others. */
  addDevice(device: string, metrics: readonly MetricDefinition[], values: MetricValues): void {
    const set = new MetricSet(metrics, ALIASES * (this.#devices.size + 2));
    set.set(values);
    this.#devices.set(device, set);
    if (this.#born) this.#birthDevice(device);
  }

  /** The device is gone (DDEATH). */
  removeDevice(device: string): void {
    if (this.#born) this.#publish('DDEATH', device, { timestampMs: Date.now(), metrics: [] });
    this.#devices.delete(device);
  }

  /** Values of a device, as `setNode`. */
  setDevice(device: string, values: MetricValues, timestampMs: number): number {
    const set = this.#device(device);
    set.set(values);
    if (!this.#born) return 0;
    return this.#send('DDATA', device, set.changes(), timestampMs);
  }

  /** Values that a device had in the past (`is_historical`): they do not change what it has now. */
  sendPast(device: string, values: MetricValues, timestampMs: number): number {
    if (!this.#born) return 0;
    const metrics = this.#device(device).past(values, timestampMs);
    return this.#send('DDATA', device, metrics, timestampMs);
  }

  /** Sends NDEATH and disconnects. Idempotent. */
  close(): Promise<void> {
    this.#closing ??= this.#end();
    return this.#closing;
  }

  async #up(client: MqttClient): Promise<void> {
    this.#client = client;
    const { group, node, primaryHost } = this.#options;
    client.on('message', (topic, payload, { retain }) =>
      this.#receive(client, { topic: publishedTopic(topic), payload, retained: retain }),
    );
    // Commands and the host's state must be heard before the birth (§6.4.3).
    const topics = [
      this.#topic('NCMD'),
      `${sparkplugTopic(group, 'DCMD', node)}/+`,
      ...(primaryHost === undefined ? [] : [stateTopic(primaryHost)]),
    ];
    // Where that is refused, or the connection ends, the next one tries again.
    if (!(await this.#connection.subscribe(client, topics))) return;
    // A STATE that was retained may have come, and been answered, before the subscription was.
    if (this.#client !== client || this.#born) return;
    if (primaryHost === undefined || this.#host.online) this.#birth();
  }

  #gone(): void {
    this.#client = null;
    if (this.#options.primaryHost !== undefined) this.#host.online = false;
    if (!this.#born) return;
    this.#born = false;
    this.#options.onGone?.();
  }

  #receive(
    client: MqttClient,
    { topic, payload, retained }: { topic: string; payload: Buffer; retained: boolean },
  ): void {
    if (client !== this.#client) return;
    const { primaryHost, group, node } = this.#options;
    if (primaryHost !== undefined && topic === stateTopic(primaryHost)) {
      this.#hear(payload);
      return;
    }
    const parsed = parseSparkplugTopic(topic);
    if (!parsed || parsed.group !== group || parsed.node !== node) return;
    const { device } = parsed;
    let metrics: Metric[];
    try {
      ({ metrics } = decodeSparkplug(payload));
    } catch {
      this.#options.onCommand?.({ device, name: null, value: null, retained });
      return;
    }
    for (const { name, alias, value } of metrics) {
      if (parsed.type === 'NCMD' && name === REBIRTH) {
        if (value === true && this.#born) this.#birth();
      } else {
        const named = name ?? `alias ${alias}`;
        this.#options.onCommand?.({ device, name: named, value, retained });
      }
    }
  }

  /** STATE of the primary host (§5.4.4): born when it is online; dead, and on a new connection, when it goes. */
  #hear(payload: Uint8Array): void {
    const state = parseHostState(payload);
    if (!state || state.timestamp < this.#host.timestamp) return;
    this.#host = state;
    if (state.online && !this.#born) this.#birth();
    else if (!state.online && this.#born) void this.#leave();
  }

  /** Says NDEATH itself, since a goodbye keeps the broker from publishing the will; then connects anew and waits. */
  async #leave(): Promise<void> {
    const client = this.#client;
    this.#gone();
    if (!client) return;
    await settlesWithin(this.#sendDeath(client), CLOSE_TIMEOUT_MS);
    client.end();
  }

  #birth(): void {
    const restart = this.#born;
    this.#seq = 0;
    // Two births never have one time, by which a host tells them apart.
    const timestampMs = (this.#bornMs = Math.max(Date.now(), this.#bornMs + 1));
    const { controls = {} } = this.#options;
    const metrics: Metric[] = [
      { name: 'bdSeq', type: 'Int64', value: this.#bdSeq },
      // Controls have no alias: a host may write them before it has seen a birth (§6.4.16).
      { name: REBIRTH, type: 'Boolean', value: false },
      ...Object.entries(controls).map(([name, type]) => ({
        name: `Node Control/${name}`,
        type,
        value: null,
      })),
      ...this.#node.birth(),
    ];
    this.#publish('NBIRTH', null, { timestampMs, metrics });
    for (const device of this.#devices.keys()) this.#birthDevice(device);
    this.#born = true;
    if (!restart && this.#client) this.#options.onBorn?.(this.#client);
  }

  #birthDevice(device: string): void {
    const metrics = this.#device(device).birth();
    this.#publish('DBIRTH', device, { timestampMs: Date.now(), metrics });
  }

  #send(
    type: 'NDATA' | 'DDATA',
    device: string | null,
    metrics: Metric[],
    timestampMs: number,
  ): number {
    if (metrics.length > 0) {
      const stamped = metrics.map((metric) => ({ timestampMs, ...metric }));
      this.#publish(type, device, { timestampMs: Date.now(), metrics: stamped });
    }
    return metrics.length;
  }

  #publish(
    type: MessageType,
    device: string | null,
    { timestampMs, metrics }: { timestampMs: number; metrics: Metric[] },
  ): void {
    const at = type === 'NBIRTH' || type === 'DBIRTH' ? { timestampMs } : {};
    const payload = encodeSparkplug({
      timestampMs,
      seq: this.#seq,
      metrics: metrics.map((metric) => ({ ...at, ...metric })),
    });
    this.#seq = (this.#seq + 1) % SEQUENCE;
    this.#client?.publish(this.#topic(type, device), Buffer.from(payload), { qos: 0 });
  }

  #death(): Uint8Array {
    const metrics: Metric[] = [{ name: 'bdSeq', type: 'Int64', value: this.#bdSeq }];
    return encodeSparkplug({ timestampMs: Date.now(), metrics });
  }

  async #sendDeath(client: MqttClient): Promise<void> {
    await client.publishAsync(this.#topic('NDEATH'), Buffer.from(this.#death()), { qos: 1 });
  }

  async #end(): Promise<void> {
    const client = this.#client;
    if (client && this.#born) await settlesWithin(this.#sendDeath(client), CLOSE_TIMEOUT_MS);
    this.#gone();
    await this.#connection.close();
  }

  #topic(type: MessageType, device: string | null = null): string {
    return sparkplugTopic(this.#options.group, type, this.#options.node, device);
  }

  #device(name: string): MetricSet {
    const device = this.#devices.get(name);
    if (!device) throw new RangeError(`there is no device \`${name}\``);
    return device;
  }
}
