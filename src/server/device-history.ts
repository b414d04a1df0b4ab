/** What /dashboard shows: the latest minutes of the session, window by window, and what happened in them. */
import type {
  LatencyReport,
  LatencyStage,
  LiveResult,
  Publisher,
  SessionNotice,
  SessionStatus,
} from '../live/types.js';

export interface DeviceHealth {
  /** Resident memory of the process, MB (10⁶ bytes). */
  memoryMb: number;
  /** Null where the system tells none. */
  temperatureC: number | null;
  /** Of the profile's thermal ladder; 0: none. */
  thermalStep: number;
}

/** The memory of this process, where nothing else is known. */
export const processHealth = (): DeviceHealth => ({
  memoryMb: process.memoryUsage.rss() / 1e6,
  temperatureC: null,
  thermalStep: 0,
});

/** One latency window; counts are those of the window. */
export interface DeviceWindow {
  sequence: number;
  /** Its end, ms since 1970. */
  atMs: number;
  fps: number;
  /** ms; stages without a sample are absent. */
  stages: Partial<Record<LatencyStage, { p50: number; p95: number; p99: number; max: number }>>;
  received: number;
  drops: {
    /** Replaced by a newer frame before they were taken. */
    replaced: number;
    /** Came in while the user looked at a frozen frame. */
    frozen: number;
    /** Times that the overlay was withdrawn: inference was late, or failed. */
    late: number;
    failed: number;
    /** Not sent to viewers that were too slow. */
    viewers: number;
  };
  /** Clicks and boxes answered. */
  interventions: number;
  objects: number;
  /** Of all results in the window, the device's own estimates; null without objects. */
  quality: { mean: number; min: number } | null;
  health: DeviceHealth;
}

export interface DeviceEvent {
  sequence: number;
  atMs: number;
  kind: 'started' | 'state' | 'objects' | 'thermal' | 'recording' | SessionNotice['kind'];
  message: string;
}

export interface DeviceHistoryOptions {
  health(): DeviceHealth;
  /** Frames of all times that slow viewers did not get. */
  viewerDrops(): number;
  nowMs?: () => number;
}

/** A quarter of an hour at one window a second. */
const MOST_WINDOWS = 900;
const MOST_EVENTS = 200;

const COUNTED = ['received', 'dropped', 'skipped', 'late', 'faults', 'clicks'] as const;

export class DeviceHistory implements Publisher {
  readonly name = 'dashboard';
  readonly #options: Required<DeviceHistoryOptions>;
  readonly #windows: DeviceWindow[] = [];
  readonly #events: DeviceEvent[] = [];
  #sequence = 0;
  #before = Object.fromEntries([...COUNTED, 'viewers'].map((name) => [name, 0])) as Record<
    (typeof COUNTED)[number] | 'viewers',
    number
  >;
  #quality = { sum: 0, least: 1, count: 0 };
  #objects = 0;
  #status: SessionStatus | null = null;
  #thermalStep = 0;

  constructor(options: DeviceHistoryOptions) {
    this.#options = { nowMs: Date.now, ...options };
    this.#log('started', 'the server started');
  }

  /** What is newer than a sequence number; 0: everything that is kept. */
  since(sequence: number): { windows: DeviceWindow[]; events: DeviceEvent[] } {
    const newer = (one: { sequence: number }): boolean => one.sequence > sequence;
    return { windows: this.#windows.filter(newer), events: this.#events.filter(newer) };
  }

  onResult({ objects }: LiveResult): void {
    this.#objects = objects.length;
    for (const { quality } of objects) {
      this.#quality.sum += quality;
      this.#quality.least = Math.min(this.#quality.least, quality);
      this.#quality.count += 1;
    }
  }

  onLatency({ fps, stages, counters }: LatencyReport): void {
    const { health, viewerDrops, nowMs } = this.#options;
    const now = { ...counters, viewers: viewerDrops() };
    const since = (name: (typeof COUNTED)[number] | 'viewers'): number => {
      const difference = now[name] - this.#before[name];
      this.#before[name] = now[name];
      return difference;
    };
    const late = since('late');
    const { sum, least, count } = this.#quality;
    const told = health();
    push(this.#windows, MOST_WINDOWS, {
      sequence: (this.#sequence += 1),
      atMs: nowMs(),
      fps,
      stages: Object.fromEntries(
        Object.entries(stages).map(([stage, { p50, p95, p99, max }]) => [
          stage,
          { p50, p95, p99, max },
        ]),
      ),
      received: since('received'),
      drops: {
        replaced: since('dropped'),
        frozen: since('skipped'),
        late,
        failed: since('faults') - late,
        viewers: since('viewers'),
      },
      interventions: since('clicks'),
      objects: this.#objects,
      quality: count === 0 ? null : { mean: sum / count, min: least },
      health: told,
    });
    this.#quality = { sum: 0, least: 1, count: 0 };
    if (told.thermalStep !== this.#thermalStep) {
      this.#log('thermal', `thermal step ${this.#thermalStep} → ${told.thermalStep}`);
      this.#thermalStep = told.thermalStep;
    }
  }

  onNotice({ kind, message }: SessionNotice): void {
    this.#log(kind, message);
  }

  onStatus(status: SessionStatus): void {
    const before = this.#status;
    this.#status = status;
    if (status.state !== before?.state) {
      this.#log('state', before ? `${before.state} → ${status.state}` : status.state);
    }
    const ids = (of: SessionStatus | null): number[] => (of?.objects ?? []).map(({ id }) => id);
    const [old, now] = [ids(before), ids(status)];
    for (const id of now.filter((one) => !old.includes(one))) {
      this.#log('objects', `object ${id} is followed`);
    }
    for (const id of old.filter((one) => !now.includes(one))) {
      this.#log('objects', `object ${id} is no longer followed`);
    }
    if (status.recording !== (before?.recording ?? false)) {
      this.#log('recording', status.recording ? 'recording began' : 'recording ended');
    }
  }

  #log(kind: DeviceEvent['kind'], message: string): void {
    const sequence = (this.#sequence += 1);
    push(this.#events, MOST_EVENTS, { sequence, atMs: this.#options.nowMs(), kind, message });
  }
}

function push<T>(list: T[], most: number, one: T): void {
  list.push(one);
  if (list.length > most) list.shift();
}
