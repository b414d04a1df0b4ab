/** Masks as MQTT messages: a rate limit, a size budget, and never a queue, since an old mask is worth less than none. */
import type { MqttClient } from 'mqtt';
import type { LiveResult } from '../live/types.js';
import type { MaskTelemetry } from '../runtime/profiles.js';
import { encodeMaskFrame } from './mask-frame.js';
import { masksTopic } from './topics.js';
import type { MaskCounters } from './window.js';

/** Bytes that wait in the socket from which on masks are left out: the network is slower than they come. */
const MOST_WAITING = 256 * 2 ** 10;
const NS_PER_US = 1000n;

export class MaskSender {
  readonly counters: MaskCounters = { sent: 0, limited: 0, unsent: 0, reduced: 0 };
  readonly #topic: string;
  /** May be changed at any time. */
  settings: MaskTelemetry;
  /** From the monotonic clock of capture times to the wall clock, ns. */
  readonly #offsetNs: bigint;
  #nextMs = -Infinity;

  constructor(deviceId: string, settings: MaskTelemetry) {
    this.#topic = masksTopic(deviceId);
    this.settings = settings;
    this.#offsetNs = BigInt(Date.now()) * 1_000_000n - process.hrtime.bigint();
  }

  /** @param nowMs a monotonic clock */
  send(client: MqttClient | null, result: LiveResult, nowMs: number): void {
    const { maxRateHz, maxBytes, shape } = this.settings;
    if (maxRateHz === 0 || (result.objects.length === 0 && !result.revised)) return;
    // What a click changed goes out at once.
    if (nowMs < this.#nextMs && !result.revised) {
      this.counters.limited += 1;
      return;
    }
    if (!client || client.stream.writableLength > MOST_WAITING) {
      this.counters.unsent += 1;
      return;
    }
    // Steps of the period, so that the mean rate is the limit's and not that of the frames that happen to lie behind it.
    const periodMs = 1000 / maxRateHz;
    this.#nextMs = Math.max(this.#nextMs, nowMs - periodMs / 2) + periodMs;
    const { frame, objects, revised } = result;
    const captureUnixUs = Number((frame.captureNs + this.#offsetNs) / NS_PER_US);
    const { payload, reduced } = encodeMaskFrame(
      { ...frame, frameId: frame.id, captureUnixUs },
      objects,
      { revised, shape, budgetBytes: maxBytes },
    );
    this.counters.sent += 1;
    if (reduced) this.counters.reduced += 1;
    client.publish(this.#topic, Buffer.from(payload), { qos: 0 });
  }
}
