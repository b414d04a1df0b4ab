/**
 * Receives what nodes send and reads it: one of several that share the data by MQTT 5 shared subscriptions (§4.8.2), or the
 * only one. All of them hear births, since data are read by their aliases; one of them passes the births on.
 */
import { BrokerConnection, type BrokerOptions } from '../telemetry/connection.js';
import { AliasBook } from '../telemetry/sparkplug/alias-book.js';
import { PingBarrier } from '../telemetry/sparkplug/ping-barrier.js';
import { decodeSparkplug, type MetricValue } from '../telemetry/sparkplug/payload.js';
import { NAMESPACE, parseSparkplugTopic, type MessageType } from '../telemetry/sparkplug/topics.js';

/** One message, read; plain data, so that it passes between threads. */
export interface Update {
  type: MessageType;
  group: string;
  node: string;
  device: string | null;
  /** Absent in NDEATH. */
  seq: number | null;
  /** When it was sent, ms since 1970. */
  sentMs: number;
  /** When its metrics were so, ms since 1970. */
  atMs: number;
  historical: boolean;
  values: Record<string, MetricValue>;
  /** Metrics whose birth was not heard. */
  unknown: number;
  /** Time of the birth that it follows, ms since 1970; null where that was not heard. */
  bornMs: number | null;
}

export interface ReceiverOptions {
  broker: BrokerOptions;
  clientId: string;
  /** Whether it is one of several; and the one that passes on births and deaths. */
  shared: boolean;
  first: boolean;
  onUpdates: (updates: Update[]) => void;
  /** Its subscriptions are there; and are no more. */
  onUp?: () => void;
  onDown?: () => void;
  onTrouble?: (message: string) => void;
}

const SHARE = '$share/sonotrack-fleet/';
/** Updates are passed on together, so that a thread is woken as rarely. */
const BATCH_MS = 25;

export class Receiver {
  /** Messages that could not be read. */
  damaged = 0;
  readonly #options: ReceiverOptions;
  readonly #aliases = new AliasBook();
  readonly #connection: BrokerConnection;
  #barrier: PingBarrier | null = null;
  /** Its subscriptions are there. */
  #isUp = false;
  #waiting: Update[] = [];
  #timer: NodeJS.Timeout | null = null;

  constructor(options: ReceiverOptions) {
    this.#options = options;
    this.#connection = new BrokerConnection(options.broker, {
      clientId: options.clientId,
      onUp: (client) => {
        if (options.shared && client.options.protocolVersion !== 5) {
          // Shared subscriptions are of MQTT 5. RabbitMQ 3.10 confirms one of 3.1.1 all the same, and sends nothing.
          this.#connection.refuse(
            client,
            'several workers need MQTT 5, which the broker does not speak',
          );
          return;
        }
        client.on('message', (topic, payload) => this.#receive(topic, payload));
        this.#barrier = new PingBarrier(client);
        const share = options.shared ? SHARE : '';
        const topics = [
          ...['NBIRTH/+', 'NDEATH/+', 'DBIRTH/+/+', 'DDEATH/+/+'].map(
            (end) => `${NAMESPACE}/+/${end}`,
          ),
          ...['NDATA/+', 'DDATA/+/+'].map((end) => `${share}${NAMESPACE}/+/${end}`),
        ];
        void this.#connection.subscribe(client, topics).then((agreed) => {
          if (!agreed) return;
          this.#isUp = true;
          options.onUp?.();
        });
      },
      onDown: () => {
        this.#barrier = null;
        if (this.#isUp) options.onDown?.();
        this.#isUp = false;
      },
      onTrouble: (message) => options.onTrouble?.(message),
    });
  }

  /** Resolves when all that the broker has sent so far was passed on, or is lost with the connection. */
  async settled(): Promise<void> {
    await this.#barrier?.passed();
    this.#pass();
  }

  /** Passes on what has arrived, and disconnects. */
  async close(): Promise<void> {
    await this.#connection.close();
    this.#pass();
  }

  #receive(topic: string, payload: Buffer): void {
    const parsed = parseSparkplugTopic(topic);
    if (!parsed) return;
    try {
      const message = decodeSparkplug(payload);
      const named = this.#aliases.read(parsed, message);
      const isData = parsed.type.endsWith('DATA');
      if (!isData && !this.#options.first) return;
      this.#waiting.push({
        ...parsed,
        ...named,
        seq: message.seq ?? null,
        sentMs: message.timestampMs,
        atMs: message.metrics[0]?.timestampMs ?? message.timestampMs,
      });
    } catch {
      this.damaged += 1;
      return;
    }
    this.#timer ??= setTimeout(() => this.#pass(), BATCH_MS);
  }

  #pass(): void {
    if (this.#timer) clearTimeout(this.#timer);
    this.#timer = null;
    const updates = this.#waiting;
    this.#waiting = [];
    if (updates.length > 0) this.#options.onUpdates(updates);
  }
}
