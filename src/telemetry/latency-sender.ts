/** Sends a journal's windows on `sonotrack/v1/{device}/latency`: in order, each until the broker has it (QoS 1). */
import type { MqttClient } from 'mqtt';
import type { DeviceInfo } from '../sdk/types.js';
import type { Journal, JournalEntry } from './journal.js';
import { latencyTopic } from './topics.js';
import type { TelemetryWindow } from './window.js';

/** What every message says beside its window. */
export interface LatencyFacts {
  deviceId: string;
  engine: DeviceInfo['engine'];
  executionProvider: DeviceInfo['executionProvider'];
  models: { bundle: string; sonosam: string; deaot: string };
  profile: string;
}

/** JSON of `sonotrack/v1/{device}/latency`. */
export interface LatencyMessage extends LatencyFacts, TelemetryWindow {
  /** Wall clock, ms since 1970. */
  sentAtMs: number;
  /** Number of the window, from 1, without gaps, also across restarts; of merged ones that of the last. */
  sequence: number;
  /** How many windows were merged in this message: sequence − windows + 1 to sequence. */
  windows: number;
  /** Measured before the present connection was up. */
  historical: boolean;
  /** Results per second. */
  fps: number;
  /** Windows dropped since the device's first, for want of space or for their age, before the broker had them. */
  lost: number;
}

/** Messages on their way at once. */
const IN_FLIGHT = 16;

export class LatencySender {
  readonly #journal: Journal<TelemetryWindow>;
  readonly #reader: string;
  /** Of the messages from now on. */
  facts: LatencyFacts;
  #client: MqttClient | null = null;
  /** Last window of the time before the present connection. */
  #historicalTo = 0;
  #pumping = false;
  #again = false;
  #onAck: () => void = () => undefined;

  constructor(journal: Journal<TelemetryWindow>, reader: string, facts: LatencyFacts) {
    this.#journal = journal;
    this.#reader = reader;
    this.facts = facts;
  }

  up(client: MqttClient): void {
    this.#client = client;
    this.#historicalTo = this.#journal.last;
    this.pump();
  }

  down(): void {
    this.#client = null;
    void this.#journal.rewind(this.#reader);
  }

  /** Sends what waits, in the background. */
  pump(): void {
    this.#again = true;
    if (this.#pumping) return;
    this.#pumping = true;
    void this.#run().finally(() => {
      this.#pumping = false;
      if (this.#again && this.#client) this.pump();
    });
  }

  /** Settles when nothing that was appended waits any more. */
  async drained(): Promise<void> {
    await this.#journal.idle();
    while (this.#journal.depth(this.#reader) > 0) {
      await new Promise<void>((resolve) => (this.#onAck = resolve));
    }
  }

  async #run(): Promise<void> {
    while (this.#again && this.#client) {
      this.#again = false;
      const client = this.#client;
      try {
        await this.#journal.rewind(this.#reader);
        await this.#send(client);
      } catch {
        // The connection broke, or the broker refused: what is not acknowledged goes out again, on the next connection
        // or with the next window.
      }
    }
  }

  async #send(client: MqttClient): Promise<void> {
    while (this.#client === client) {
      const entries = await this.#journal.read(this.#reader, IN_FLIGHT);
      const last = entries.at(-1);
      if (!last) return;
      const broken = brokenOf(client);
      try {
        const arrived = Promise.all(entries.map((entry) => this.#publish(client, entry)));
        await Promise.race([arrived, broken.promise]);
      } finally {
        broken.dispose();
      }
      await this.#journal.ack(this.#reader, last.sequence);
      this.#onAck();
    }
  }

  async #publish(client: MqttClient, entry: JournalEntry<TelemetryWindow>): Promise<void> {
    const { sequence, values, value } = entry;
    const message: LatencyMessage = {
      ...this.facts,
      sentAtMs: Date.now(),
      sequence,
      windows: values,
      historical: sequence <= this.#historicalTo,
      fps: value.windowS > 0 ? value.results / value.windowS : 0,
      lost: this.#journal.lost(this.#reader),
      ...value,
    };
    const topic = latencyTopic(this.facts.deviceId);
    await client.publishAsync(topic, JSON.stringify(message), { qos: 1 });
  }
}

export function latencyFacts(deviceId: string, device: DeviceInfo): LatencyFacts {
  const { engine, executionProvider, profile, models } = device;
  return {
    deviceId,
    engine,
    executionProvider,
    profile,
    models: {
      bundle: models.bundle,
      sonosam: models.sonosam.version,
      deaot: models.deaot.version,
    },
  };
}

/** Rejects when the client's connection ends. */
function brokenOf(client: MqttClient): { promise: Promise<never>; dispose(): void } {
  let listener = (): void => undefined;
  const promise = new Promise<never>((_, reject) => {
    listener = () => reject(new Error('the connection ended'));
  });
  promise.catch(() => undefined);
  client.once('close', listener);
  return { promise, dispose: () => void client.off('close', listener) };
}
