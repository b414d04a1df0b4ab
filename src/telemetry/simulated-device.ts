/** Devices that are not there: real Sparkplug nodes, each on a connection of its own, with latency that behaves like one's. */
import { emptyCounters } from '../live/latency.js';
import { LATENCY_STAGES, type LatencyStage, type Percentiles } from '../live/types.js';
import type { BrokerOptions } from './connection.js';
import { EdgeNode } from './sparkplug/edge-node.js';
import { healthValues, NODE_METRICS, SESSION_METRICS, sessionValues } from './sparkplug/metrics.js';
import { SESSION_DEVICE } from './sparkplug/sender.js';
import type { TelemetryWindow } from './window.js';

export const FAULTS = ['slow', 'drops', 'hot', 'model', 'disconnect', 'gap'] as const;
/**
 * `slow`: three times the latency; `drops`: most frames dropped; `hot`: 95 °C; `model`: another bundle; `disconnect`: the
 * connection is cut every 20 windows; `gap`: every 20th window is numbered and never sent.
 */
export type Fault = (typeof FAULTS)[number];

export interface SimulatedDeviceOptions {
  broker: BrokerOptions;
  group: string;
  node: string;
  /** Windows per second. */
  rateHz: number;
  /** Two devices of one seed behave alike. */
  seed: number;
  faults?: readonly Fault[];
  primaryHost?: string;
}

const FAULT_EVERY = 20;
const FRAME_RATE_HZ = 30;
/** Standard normal quantiles of 0.5, 0.95 and 0.99. */
const Z = { p50: 0, p95: 1.6449, p99: 2.3263 };
/** Share of the tracker's time. */
const PARTS: Partial<Record<LatencyStage, number>> = {
  wait: 0.08,
  preprocess: 0.1,
  inference: 0.78,
  postprocess: 0.06,
  track: 0.94,
  total: 1.02,
};

export class SimulatedDevice {
  readonly #options: SimulatedDeviceOptions;
  readonly #random: () => number;
  readonly #node: EdgeNode;
  readonly #baseMs: number;
  #sequence = 0;
  #received = 0;
  #dropped = 0;
  #clicks = 0;
  /** Slow drift of the latency, and of the temperature: autoregressive, around 0. */
  #drift = 0;
  #warmth = 0;

  constructor(options: SimulatedDeviceOptions) {
    this.#options = options;
    this.#random = randomOf(options.seed);
    this.#baseMs = 14 + 22 * this.#random();
    let bdSeq = 0;
    const { broker, group, node, primaryHost } = options;
    this.#node = new EdgeNode({
      broker,
      group,
      node,
      metrics: NODE_METRICS,
      ...(primaryHost !== undefined && { primaryHost }),
      nextBdSeq: () => bdSeq++,
    });
    const bundle = this.#has('model') ? 'lite 0.0.1' : 'lite 0.1.0';
    this.#node.setNode(
      {
        'Properties/Version': '0.1.0',
        'Properties/Engine': 'native',
        'Properties/Execution Provider': 'cuda',
        'Properties/Profile': 'jetson-orin-nano',
        'Properties/Models/Bundle': bundle,
        'Properties/Models/SonoSAM': '0.1.0',
        'Properties/Models/DeAOT': '0.1.0',
        'Queue/Depth': 0,
        'Queue/Lost': 0,
      },
      Date.now(),
    );
    this.#node.addDevice(SESSION_DEVICE, SESSION_METRICS, {});
  }

  get born(): boolean {
    return this.#node.born;
  }

  /** Windows numbered so far, and those of them that were never sent. */
  windows = 0;
  unsent = 0;

  /** Measures a window that ends now, and sends it; without a connection it is numbered and not sent. */
  tick(): void {
    const window = this.#measure(Date.now());
    this.#sequence += 1;
    this.windows = this.#sequence;
    const due = this.#sequence % FAULT_EVERY === 0;
    if (!this.#node.born || (due && this.#has('gap'))) {
      this.unsent += 1;
      return;
    }
    this.#node.setNode(healthValues(window), window.endMs);
    const values = sessionValues(window, { sequence: this.#sequence, merged: 1 });
    this.#node.setDevice(SESSION_DEVICE, values, window.endMs);
    if (due && this.#has('disconnect')) this.#node.connection.drop();
  }

  close(): Promise<void> {
    return this.#node.close();
  }

  #has(fault: Fault): boolean {
    return this.#options.faults?.includes(fault) ?? false;
  }

  #measure(endMs: number): TelemetryWindow {
    const random = this.#random;
    const windowS = 1 / this.#options.rateHz;
    this.#drift = 0.95 * this.#drift + 0.05 * normal(random);
    this.#warmth = 0.99 * this.#warmth + 0.1 * normal(random);
    // Rarely something else takes the processor for a while.
    const spike = random() < 0.01 ? 1 + 3 * random() : 1;
    const trackMs = this.#baseMs * Math.exp(this.#drift) * spike * (this.#has('slow') ? 3 : 1);
    const arrived = Math.max(1, Math.round(FRAME_RATE_HZ * windowS));
    const capacity = Math.floor((1000 * windowS) / trackMs);
    const most = this.#has('drops') ? Math.floor(arrived * 0.3) : capacity;
    const results = Math.max(1, Math.min(arrived, most));
    this.#received += arrived;
    this.#dropped += arrived - results;
    if (random() < 0.02) this.#clicks += 1;
    const stages: Partial<Record<LatencyStage, Percentiles>> = {};
    for (const stage of LATENCY_STAGES) {
      const median = trackMs * (PARTS[stage] ?? 0.05);
      const spread = 0.12 * spike;
      const at = (z: number): number => median * Math.exp(spread * z);
      const max = at(Z.p99 + 0.5 * random());
      stages[stage] = { p50: at(Z.p50), p95: at(Z.p95), p99: at(Z.p99), max, count: results };
    }
    const quality = 0.93 - 0.06 * Math.abs(this.#drift) - 0.02 * random();
    return {
      startMs: endMs - windowS * 1000,
      endMs,
      windowS,
      results,
      dropped: arrived - results,
      interventions: 0,
      quality: { min: quality - 0.05, mean: quality, count: results },
      objects: { count: 1, ask: quality < 0.9 ? 1 : 0, lost: 0, areaMm2: 320 + 20 * this.#drift },
      stages,
      histograms: {},
      counters: {
        ...emptyCounters(),
        received: this.#received,
        processed: this.#received - this.#dropped,
        dropped: this.#dropped,
        clicks: this.#clicks,
      },
      health: {
        memoryMb: 410 + 20 * random(),
        temperatureC: this.#has('hot') ? 95 : 58 + 3 * this.#warmth,
        thermalStep: this.#has('hot') ? 1 : 0,
      },
      masks: { sent: 0, limited: 0, unsent: 0, reduced: 0 },
    };
  }
}

/** mulberry32: a small generator whose quality suffices for traces. */
function randomOf(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** Box and Muller, 1958. */
const normal = (random: () => number): number =>
  Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
