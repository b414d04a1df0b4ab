/** What Prometheus collects at /metrics. */
import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from 'prom-client';
import type { LatencyReport, Session } from '../live/types.js';
import type { Status } from './exchange.js';

/** Upper bounds, ms: fine around a frame's time at 25 to 60 Hz. */
const BUCKETS_MS = [2, 5, 10, 15, 20, 25, 33, 40, 50, 66, 80, 100, 150, 200, 300, 500, 1000];

interface Gauged {
  viewers(): number;
  drops(): number;
  backlogBytes(): number;
  ingested(): number;
  session(): Session | null;
  commands(): Readonly<Record<string, number>>;
}

export class Metrics {
  readonly #registry = new Registry();
  readonly #glassToGlass: Histogram;
  readonly #requests: Counter;
  readonly #latency: Gauge;
  readonly #rate: Gauge;

  constructor(gauged: Gauged) {
    const registers = [this.#registry];
    collectDefaultMetrics({ register: this.#registry });
    const gauge = (name: string, help: string, read: () => number): void => {
      new Gauge({
        name,
        help,
        registers,
        collect() {
          this.set(read());
        },
      });
    };
    gauge('sonotrack_viewers', 'Viewers connected now.', gauged.viewers);
    gauge('sonotrack_viewer_dropped_frames', 'Frames that slow viewers did not get.', gauged.drops);
    gauge(
      'sonotrack_viewer_backlog_bytes',
      'The most on its way to a viewer.',
      gauged.backlogBytes,
    );
    gauge('sonotrack_ingested_frames', 'Frames that came over /ingest.', gauged.ingested);
    gauge(
      'sonotrack_objects',
      'Objects followed now.',
      () => gauged.session()?.status.objects.length ?? 0,
    );
    const counts = (
      { name, help, label }: { name: string; help: string; label: string },
      read: () => Readonly<Record<string, number>>,
    ): void => {
      new Gauge({
        name,
        help,
        labelNames: [label],
        registers,
        collect() {
          for (const [key, value] of Object.entries(read())) this.set({ [label]: key }, value);
        },
      });
    };
    counts(
      {
        name: 'sonotrack_session_count',
        help: "The session's counters since it began, by name.",
        label: 'counter',
      },
      () => ({ ...gauged.session()?.counters }),
    );
    counts(
      {
        name: 'sonotrack_remote_commands',
        help: 'Commands that came over MQTT, by what came of them.',
        label: 'outcome',
      },
      gauged.commands,
    );
    this.#rate = new Gauge({
      name: 'sonotrack_results_per_second',
      help: 'Results in the last window.',
      registers,
    });
    this.#latency = new Gauge({
      name: 'sonotrack_latency_ms',
      help: 'Latency of the last window by stage and quantile.',
      labelNames: ['stage', 'quantile'],
      registers,
    });
    this.#glassToGlass = new Histogram({
      name: 'sonotrack_glass_to_glass_ms',
      help: 'From the capture of a frame to its showing, as viewers measured it.',
      buckets: BUCKETS_MS,
      registers,
    });
    this.#requests = new Counter({
      name: 'sonotrack_http_responses_total',
      help: 'HTTP answers by status.',
      labelNames: ['status'],
      registers,
    });
  }

  get contentType(): string {
    return this.#registry.contentType;
  }

  text(): Promise<string> {
    return this.#registry.metrics();
  }

  onGlassToGlass(ms: number): void {
    this.#glassToGlass.observe(ms);
  }

  onStatus(status: Status): void {
    this.#requests.inc({ status: status.slice(0, 3) });
  }

  onLatency({ fps, stages }: LatencyReport): void {
    this.#rate.set(fps);
    for (const [stage, { p50, p95, p99 }] of Object.entries(stages)) {
      this.#latency.set({ stage, quantile: '0.5' }, p50);
      this.#latency.set({ stage, quantile: '0.95' }, p95);
      this.#latency.set({ stage, quantile: '0.99' }, p99);
    }
  }
}
