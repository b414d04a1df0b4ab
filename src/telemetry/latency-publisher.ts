/** Latency and status over MQTT: what a fleet service sees of a device. No pixels and no identifiers of patients. */
import mqtt, { type MqttClient } from 'mqtt';
import type { LatencyReport, Publisher } from '../live/types.js';
import { checkString, rangeError } from '../runtime/validate.js';
import type { DeviceInfo } from '../sdk/types.js';

export interface LatencyPublisherOptions {
  /** mqtt:// or mqtts:// URL of the broker. */
  url: string;
  /** Part of every topic: letters, digits, `.`, `_` and `-`, 1–64 characters. */
  deviceId: string;
  device: DeviceInfo;
}

/** JSON of `sonotrack/v1/{device}/latency`. */
export interface LatencyMessage extends LatencyReport {
  deviceId: string;
  /** Wall clock, ms since 1970. */
  sentAtMs: number;
  engine: DeviceInfo['engine'];
  executionProvider: DeviceInfo['executionProvider'];
  models: { bundle: string; sonosam: string; deaot: string };
  profile: string;
}

/** JSON of `sonotrack/v1/{device}/status`, retained; `offline` is also the last will. */
export interface StatusMessage {
  deviceId: string;
  status: 'online' | 'offline';
}

export interface LatencyPublisher extends Publisher {
  /** Reports that could not be sent, because there was no connection or the broker refused them. */
  readonly dropped: number;
  /** Says `offline` and disconnects; gives up after a second without a broker. Idempotent. */
  close(): Promise<void>;
}

const RECONNECT_MS = 2000;
const CLOSE_TIMEOUT_MS = 1000;

export const latencyTopic = (deviceId: string): string => `sonotrack/v1/${deviceId}/latency`;
export const statusTopic = (deviceId: string): string => `sonotrack/v1/${deviceId}/status`;

/** @throws RangeError when the name could not stand in a topic */
export function checkDeviceId(deviceId: string): string {
  checkString(deviceId, 'deviceId');
  if (/^[A-Za-z0-9._-]{1,64}$/.test(deviceId)) return deviceId;
  throw rangeError('1–64 letters, digits, dots, dashes or underscores', 'deviceId', deviceId);
}

/**
 * Connects in the background and publishes what the session reports. Without a broker reports are counted as dropped:
 * latency is of interest now or never, so none are kept.
 * @throws RangeError for a wrong device id or URL
 */
export function createLatencyPublisher(options: LatencyPublisherOptions): LatencyPublisher {
  return new MqttLatencyPublisher(options);
}

class MqttLatencyPublisher implements LatencyPublisher {
  readonly name = 'latency';
  dropped = 0;
  readonly #client: MqttClient;
  readonly #deviceId: string;
  readonly #device: DeviceInfo;
  #closing: Promise<void> | null = null;

  constructor({ url, deviceId, device }: LatencyPublisherOptions) {
    this.#deviceId = checkDeviceId(deviceId);
    this.#device = device;
    checkString(url, 'url');
    if (!/^mqtts?:\/\/.+/.test(url))
      throw rangeError('an mqtt:// or mqtts:// URL', 'url', redact(url));
    this.#client = mqtt.connect(url, {
      clientId: `sonotrack-${deviceId}-${process.pid}`,
      clean: true,
      reconnectPeriod: RECONNECT_MS,
      queueQoSZero: false,
      will: {
        topic: statusTopic(deviceId),
        payload: Buffer.from(this.#status('offline')),
        qos: 1,
        retain: true,
      },
    });
    this.#client.on('connect', () => {
      this.#client.publish(statusTopic(deviceId), this.#status('online'), { qos: 1, retain: true });
    });
    // A broker that is away shows in `dropped`; the client goes on trying.
    this.#client.on('error', () => undefined);
  }

  onLatency(report: LatencyReport): void {
    if (!this.#client.connected) {
      this.dropped += 1;
      return;
    }
    const { engine, executionProvider, profile, models } = this.#device;
    const message: LatencyMessage = {
      deviceId: this.#deviceId,
      sentAtMs: Date.now(),
      ...report,
      engine,
      executionProvider,
      profile,
      models: {
        bundle: models.bundle,
        sonosam: models.sonosam.version,
        deaot: models.deaot.version,
      },
    };
    this.#client.publish(
      latencyTopic(this.#deviceId),
      JSON.stringify(message),
      { qos: 0 },
      (error) => {
        if (error) this.dropped += 1;
      },
    );
  }

  close(): Promise<void> {
    this.#closing ??= this.#disconnect();
    return this.#closing;
  }

  async #disconnect(): Promise<void> {
    if (this.#client.connected) {
      const said = this.#client.publishAsync(statusTopic(this.#deviceId), this.#status('offline'), {
        qos: 1,
        retain: true,
      });
      await Promise.race([said.catch(() => undefined), timeout(CLOSE_TIMEOUT_MS)]);
    }
    await Promise.race([
      this.#client.endAsync(true).catch(() => undefined),
      timeout(CLOSE_TIMEOUT_MS),
    ]);
  }

  #status(status: StatusMessage['status']): string {
    return JSON.stringify({ deviceId: this.#deviceId, status } satisfies StatusMessage);
  }
}

/** A URL without its user and password, for messages and output. */
export function redact(url: string): string {
  return url.replace(/\/\/[^/@]*@/, '//');
}

function timeout(ms: number): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, ms).unref();
  });
}
