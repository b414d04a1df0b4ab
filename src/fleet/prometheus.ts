/** The fleet for Prometheus: the host's own counters, and one series a node of what matters. */
import { Counter, Gauge, Registry } from 'prom-client';
import type { Alerts } from './alerts.js';
import { ALERT_KINDS } from './alerts.js';
import type { FleetHost } from './host.js';
import type { NodeState } from './node-state.js';

/** By metric of a node: name, help, and the factor to Prometheus' base unit. */
const NODE_GAUGES: [metric: string, name: string, help: string, factor: number][] = [
  ['Frames/Rate', 'sonotrack_device_frame_rate_hertz', 'Results per second', 1],
  ['Health/Temperature', 'sonotrack_device_temperature_celsius', 'Hottest thermal zone', 1],
  ['Health/Memory', 'sonotrack_device_memory_bytes', 'Resident memory', 1e6],
  ['Health/Thermal Step', 'sonotrack_device_thermal_step', 'Step of the thermal ladder', 1],
  ['Quality/Min', 'sonotrack_device_quality_min', 'Least estimated DSC of a window', 1],
  ['Objects/Count', 'sonotrack_device_objects', 'Objects followed', 1],
  ['Queue/Depth', 'sonotrack_device_queue_windows', 'Windows that wait on the device', 1],
];
const NODE_COUNTERS: [metric: string, name: string, help: string][] = [
  ['Frames/Received', 'sonotrack_device_frames_received_total', 'Frames received'],
  ['Frames/Dropped', 'sonotrack_device_frames_dropped_total', 'Frames dropped'],
  ['Interventions', 'sonotrack_device_interventions_total', 'Clicks'],
  ['Faults', 'sonotrack_device_faults_total', 'Times that tracking was given up'],
  ['Queue/Lost', 'sonotrack_device_windows_lost_total', 'Windows that the device dropped unsent'],
];
const STAGES = ['wait', 'inference', 'total'];
const PERCENTILES = [
  ['P50', '50'],
  ['P95', '95'],
  ['P99', '99'],
] as const;

export class FleetMetrics {
  readonly #registry = new Registry();
  readonly #host: FleetHost;
  readonly #alerts: Alerts;
  readonly #online: Gauge;
  readonly #info: Gauge;
  readonly #latency: Gauge;
  readonly #age: Gauge;
  readonly #missing: Gauge;
  readonly #alertGauge: Gauge;
  readonly #node: { metric: string; series: Gauge | Counter; factor: number }[] = [];

  constructor(host: FleetHost, alerts: Alerts) {
    [this.#host, this.#alerts] = [host, alerts];
    const registers = [this.#registry];
    const gauge = (name: string, help: string, labelNames: string[] = []): Gauge =>
      new Gauge({ name, help, labelNames, registers });
    const own = (name: string, help: string, value: () => number): void => {
      const set = function (this: Gauge | Counter): void {
        this.reset();
        this.inc(value());
      };
      if (name.endsWith('_total')) new Counter({ name, help, registers, collect: set });
      else new Gauge({ name, help, registers, collect: set });
    };
    own('sonotrack_fleet_up', 'Whether the host is connected to the broker', () =>
      Number(host.connected),
    );
    own('sonotrack_fleet_devices', 'Devices known', () => host.nodes.size);
    own('sonotrack_fleet_devices_online', 'Devices online', () => host.online);
    own(
      'sonotrack_fleet_messages_total',
      'Sparkplug messages received',
      () => host.counters.messages,
    );
    own('sonotrack_fleet_windows_total', 'Windows received', () => host.counters.windows);
    own(
      'sonotrack_fleet_late_windows_total',
      'Windows that arrived after they were no longer waited for',
      () => host.counters.late,
    );
    own('sonotrack_fleet_stale_messages_total', 'Messages passed over', () => host.counters.stale);
    own(
      'sonotrack_fleet_damaged_messages_total',
      'Messages that could not be read',
      () => host.counters.damaged,
    );
    own(
      'sonotrack_fleet_rebirths_asked_total',
      'Rebirths asked for',
      () => host.counters.rebirthsAsked,
    );
    own(
      'sonotrack_fleet_history_errors_total',
      'Writes of the history that failed',
      () => host.historyErrors,
    );
    own(
      'sonotrack_fleet_windows_missing',
      'Windows numbered by devices that have not arrived',
      () => host.missing,
    );
    own('sonotrack_fleet_resident_memory_bytes', 'Memory of the host', () =>
      process.memoryUsage.rss(),
    );
    for (const percentile of [50, 99]) {
      own(
        `sonotrack_fleet_state_age_p${percentile}_seconds`,
        'From the end of a window on the device until it was in the state, since the start',
        () => host.ages.getValueAtPercentile(percentile) / 1e6,
      );
    }
    this.#online = gauge('sonotrack_device_online', 'Whether it is online', ['device']);
    this.#info = gauge('sonotrack_device_info', 'What it runs; always 1', [
      'device',
      'version',
      'models',
      'profile',
      'provider',
    ]);
    this.#latency = gauge(
      'sonotrack_device_latency_seconds',
      'Latency of a stage in the last window',
      ['device', 'stage', 'percentile'],
    );
    this.#age = gauge('sonotrack_device_window_age_seconds', 'Since the last window arrived', [
      'device',
    ]);
    this.#missing = gauge('sonotrack_device_windows_missing', 'Windows that have not arrived', [
      'device',
    ]);
    this.#alertGauge = gauge('sonotrack_fleet_alerts', 'Alerts that are active', ['kind']);
    for (const [metric, name, help, factor] of NODE_GAUGES) {
      this.#node.push({ metric, series: gauge(name, help, ['device']), factor });
    }
    for (const [metric, name, help] of NODE_COUNTERS) {
      const series = new Counter({ name, help, labelNames: ['device'], registers });
      this.#node.push({ metric, series, factor: 1 });
    }
  }

  get contentType(): string {
    return this.#registry.contentType;
  }

  /** Names of all metrics. */
  get names(): string[] {
    return this.#registry.getMetricsAsArray().map(({ name }) => name);
  }

  /** The text of a scrape. */
  async text(): Promise<string> {
    const nowMs = Date.now();
    const perNode = [this.#online, this.#info, this.#latency, this.#age, this.#missing];
    for (const series of [...perNode, ...this.#node.map(({ series }) => series)]) series.reset();
    for (const node of this.#host.nodes.values()) this.#collect(node, nowMs);
    this.#alertGauge.reset();
    for (const kind of ALERT_KINDS) this.#alertGauge.set({ kind }, 0);
    for (const { kind } of this.#alerts.active) this.#alertGauge.inc({ kind });
    return this.#registry.metrics();
  }

  #collect(node: NodeState, nowMs: number): void {
    const device = node.key;
    const { values } = node;
    const text = (name: string): string => String(values.get(name) ?? '');
    this.#online.set({ device }, Number(node.online));
    this.#info.set(
      {
        device,
        version: text('Properties/Version'),
        models: text('Properties/Models/Bundle'),
        profile: text('Properties/Profile'),
        provider: text('Properties/Execution Provider'),
      },
      1,
    );
    this.#missing.set({ device }, node.windows.count);
    if (node.heardMs > 0) this.#age.set({ device }, (nowMs - node.heardMs) / 1000);
    for (const stage of STAGES) {
      for (const [name, percentile] of PERCENTILES) {
        const ms = values.get(`Latency/${stage}/${name}`);
        if (typeof ms === 'number') this.#latency.set({ device, stage, percentile }, ms / 1000);
      }
    }
    for (const { metric, series, factor } of this.#node) {
      const value = values.get(metric);
      if (typeof value === 'number' && value >= 0) series.inc({ device }, value * factor);
    }
  }
}
