/**
 * A connection to a broker that is kept up: MQTT 5, or 3.1.1 where the broker knows no other; it comes back after a wait
 * that doubles and is jittered, so that a fleet does not return at one moment. Each attempt is a client of its own: what
 * was on its way when a connection broke is sent again by who kept it, in order, and never by the client's own store.
 */
import mqtt, { type IClientOptions, type MqttClient } from 'mqtt';
import {
  checkInteger,
  checkObject,
  checkOneOf,
  checkString,
  rangeError,
} from '../runtime/validate.js';

export interface BrokerOptions {
  /**
   * mqtt:// or mqtts:// URL; user and password may stand in it. Several, separated by commas, are the servers of one cluster:
   * each attempt to connect goes to the next.
   */
  url: string;
  /** Default: 'auto', 5 and, where the broker refuses that, 3.1.1. */
  protocol?: 'auto' | '5' | '3.1.1';
  username?: string;
  password?: string;
  /** Sent as the password; asked for at each attempt, so that it may be renewed. Needs a `username` where the broker does. */
  token?: () => Promise<string>;
  /** PEM: authorities to trust beside the system's own, and the client's certificate with its key. */
  ca?: string;
  cert?: string;
  key?: string;
  /** Seconds between signs of life, 1–3600. A dead connection is noticed within twice that. Default: 15. */
  keepaliveS?: number;
  /** Longest wait between attempts to connect, ms, 100–3,600,000; each is jittered to 50–100 %. Default: 30,000. */
  longestWaitMs?: number;
  /**
   * QoS of all subscriptions. Default: 1, as Sparkplug 3.0 asks of nodes (§5.4). With 0 a broker need not keep a record of each
   * (NATS: a JetStream consumer, of which it has few); what it sends while a connection breaks is then lost, a command too.
   */
  subscribeQos?: 0 | 1;
}

export interface Will {
  topic: string;
  payload: Uint8Array;
  qos: 0 | 1;
  retain: boolean;
}

export interface ConnectionHandlers {
  clientId: string;
  /** Asked for at each attempt. */
  will?: () => Will;
  /** The client is connected; it is of use until `onDown`. */
  onUp(client: MqttClient): void;
  onDown?(): void;
  /** Why an attempt failed, or the connection was of no use, after the client's id; told again only when it changes. */
  onTrouble?(message: string): void;
}

export const CONNECTION_DEFAULTS = {
  protocol: 'auto',
  keepaliveS: 15,
  longestWaitMs: 30_000,
  subscribeQos: 1,
} as const;

/** The first wait between attempts; it doubles with each. */
const FIRST_WAIT_MS = 500;
const CONNECT_TIMEOUT_MS = 10_000;
const CLOSE_TIMEOUT_MS = 1000;
/** CONNACK codes of a broker that does not speak the version asked for: MQTT 3.1.1 table 3.1, MQTT 5 §3.2.2.2. */
const WRONG_VERSION: ReadonlySet<unknown> = new Set([0x01, 0x84]);

/** @throws TypeError, RangeError for a wrong option; the URL is named without user and password */
export function checkBroker(broker: BrokerOptions): void {
  checkObject(broker, 'broker', [
    'url',
    'protocol',
    'username',
    'password',
    'token',
    'ca',
    'cert',
    'key',
    'keepaliveS',
    'longestWaitMs',
    'subscribeQos',
  ]);
  for (const url of urlsOf(checkString(broker.url, 'url'))) {
    if (/^mqtts?:\/\/.+/.test(url) && URL.canParse(url)) continue;
    throw rangeError('an mqtt:// or mqtts:// URL', 'url', redact(url));
  }
  if (broker.protocol !== undefined)
    checkOneOf(broker.protocol, 'protocol', ['auto', '5', '3.1.1']);
  if (broker.keepaliveS !== undefined) checkInteger(broker.keepaliveS, 'keepaliveS', [1, 3600]);
  if (broker.longestWaitMs !== undefined) {
    checkInteger(broker.longestWaitMs, 'longestWaitMs', [100, 3_600_000]);
  }
  if (broker.subscribeQos !== undefined) checkInteger(broker.subscribeQos, 'subscribeQos', [0, 1]);
  if ((broker.cert === undefined) !== (broker.key === undefined)) {
    throw new TypeError('expected both `cert` and `key`, or neither');
  }
}

/** A comma may stand in a password. */
const urlsOf = (url: string): string[] => url.split(/,(?=mqtts?:\/\/)/);

/** URLs without their users and passwords, for messages and output. */
export function redact(url: string): string {
  return urlsOf(url)
    .map((one) => one.replace(/\/\/[^/@]*@/, '//'))
    .join();
}

export class BrokerConnection {
  /** Connections that came after the first one. */
  reconnects = 0;
  /** Why the last attempt failed; null when it did not. */
  lastError: string | null = null;

  readonly #broker: BrokerOptions;
  readonly #handlers: ConnectionHandlers;
  #version: 4 | 5;
  #client: MqttClient | null = null;
  #up = false;
  #everUp = false;
  /** In a row: attempts that failed, and connections on which a subscription was refused. */
  #failures = 0;
  #refused = false;
  /** The last trouble told. */
  #told: string | null = null;
  /** Of the URLs, the one that is used or tried. */
  #at = 0;
  #timer: NodeJS.Timeout | undefined;
  #closing: Promise<void> | null = null;

  /** Begins to connect at once. */
  constructor(broker: BrokerOptions, handlers: ConnectionHandlers) {
    checkBroker(broker);
    this.#broker = broker;
    this.#handlers = handlers;
    this.#version = broker.protocol === '3.1.1' ? 4 : 5;
    void this.#connect();
  }

  get connected(): boolean {
    return this.#up;
  }

  /** The client while connected. */
  get client(): MqttClient | null {
    return this.#up ? this.#client : null;
  }

  /** Cuts the connection without a goodbye, so that the broker publishes the will; a new one is tried. */
  drop(): void {
    this.#client?.stream?.destroy();
  }

  /**
   * Subscribes at the QoS of the options; gives whether the broker agreed. Where it did not, the connection is cut and the
   * next attempt waits as after one that failed, so that a broker that has no room is not pressed.
   */
  async subscribe(client: MqttClient, topics: string[]): Promise<boolean> {
    const { subscribeQos: qos = CONNECTION_DEFAULTS.subscribeQos } = this.#broker;
    try {
      await client.subscribeAsync(topics, { qos });
      return true;
    } catch (error) {
      this.refuse(client, `subscription refused: ${messageOf(error)}`);
      return false;
    }
  }

  /** The connection is of no use as it is: it is cut, and the next attempt waits as after one that failed. */
  refuse(client: MqttClient, message: string): void {
    if (client !== this.client) return;
    this.#trouble(message);
    this.#refused = true;
    this.drop();
  }

  /** Says goodbye (the will is not published) and stays away. Idempotent. */
  close(): Promise<void> {
    this.#closing ??= this.#end();
    return this.#closing;
  }

  async #connect(): Promise<void> {
    let options: IClientOptions;
    try {
      options = await this.#clientOptions();
    } catch (error) {
      this.#trouble(messageOf(error));
      this.#retry();
      return;
    }
    if (this.#closing) return;
    const urls = urlsOf(this.#broker.url);
    const client = mqtt.connect(urls[this.#at % urls.length], options);
    this.#client = client;
    const { protocol = CONNECTION_DEFAULTS.protocol } = this.#broker;
    const isAuto = protocol === 'auto';
    let hasFailed = false;
    let wrongVersion = false;
    client.once('connect', () => {
      this.#up = true;
      this.#refused = false;
      this.lastError = null;
      if (this.#everUp) this.reconnects += 1;
      this.#everUp = true;
      this.#handlers.onUp(client);
    });
    client.on('error', (error) => {
      hasFailed = true;
      const code = (error as { code?: unknown }).code;
      wrongVersion ||= isAuto && this.#version === 5 && WRONG_VERSION.has(code);
      if (!wrongVersion) this.#trouble(messageOf(error));
    });
    client.once('close', () => {
      const wasUp = this.#up;
      this.#up = false;
      if (wasUp && !this.#refused) {
        this.#failures = 0;
        this.#told = null;
      }
      client.end(true);
      if (wasUp) this.#handlers.onDown?.();
      if (wrongVersion) {
        this.#version = 4;
        if (!this.#closing) void this.#connect();
        return;
      }
      // Closed without a word: RabbitMQ 3.10 does so with a version that it does not know (against MQTT 3.1.1 §3.1.2.2).
      if (!this.#everUp && !hasFailed && !this.#closing) {
        this.#trouble('the broker closed the connection before it answered');
        if (isAuto) this.#version = this.#version === 5 ? 4 : 5;
      }
      this.#retry();
    });
  }

  async #clientOptions(): Promise<IClientOptions> {
    const { username, token, ca, cert, key } = this.#broker;
    const { keepaliveS = CONNECTION_DEFAULTS.keepaliveS } = this.#broker;
    const password = token ? await token() : this.#broker.password;
    const will = this.#handlers.will?.();
    return {
      clientId: this.#handlers.clientId,
      protocolVersion: this.#version,
      clean: true,
      keepalive: keepaliveS,
      // A ping each `keepalive` whatever else is sent: its answer tells that all before it has arrived.
      reschedulePings: false,
      reconnectPeriod: 0,
      connectTimeout: CONNECT_TIMEOUT_MS,
      resubscribe: false,
      queueQoSZero: false,
      ...(username !== undefined && { username }),
      ...(password !== undefined && { password }),
      ...(ca !== undefined && { ca }),
      ...(cert !== undefined && { cert, key }),
      ...(will && { will: { ...will, payload: Buffer.from(will.payload) } }),
    };
  }

  #trouble(message: string): void {
    const isNew = message !== this.#told;
    this.lastError = this.#told = message;
    if (isNew) this.#handlers.onTrouble?.(`${this.#handlers.clientId}: ${message}`);
  }

  #retry(): void {
    if (this.#closing) return;
    const { longestWaitMs = CONNECTION_DEFAULTS.longestWaitMs } = this.#broker;
    const full = Math.min(longestWaitMs, FIRST_WAIT_MS * 2 ** Math.min(this.#failures, 16));
    this.#failures += 1;
    this.#at += 1;
    this.#timer = setTimeout(() => void this.#connect(), full * (0.5 + Math.random() / 2));
  }

  async #end(): Promise<void> {
    clearTimeout(this.#timer);
    const client = this.#client;
    if (!client) return;
    const ended = client.endAsync(!this.#up).catch(() => undefined);
    if (!(await settlesWithin(ended, CLOSE_TIMEOUT_MS))) client.stream?.destroy();
  }
}

/** Whether the promise settles in time; its failure counts as settled. */
export async function settlesWithin(promise: Promise<unknown>, ms: number): Promise<boolean> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<false>((resolve) => {
    timer = setTimeout(() => resolve(false), ms);
  });
  const settled = promise.then(
    () => true,
    () => true,
  );
  return Promise.race([settled, late]).finally(() => clearTimeout(timer));
}

/** Node's error for a name that has several addresses bears a code and no message. */
const messageOf = (error: unknown): string =>
  error instanceof Error
    ? error.message || String((error as NodeJS.ErrnoException).code)
    : String(error);
