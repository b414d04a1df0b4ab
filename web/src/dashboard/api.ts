/** What the device's server answers; docs/reference/stream.md, `/api/device/history`. */
import { useEffect, useState } from 'preact/hooks';

export const STAGES = ['wait', 'preprocess', 'inference', 'postprocess', 'track', 'total'] as const;
export const PERCENTILES = ['p50', 'p95', 'p99', 'max'] as const;
export type Stage = (typeof STAGES)[number];
export type Percentile = (typeof PERCENTILES)[number];

export interface DeviceWindow {
  sequence: number;
  atMs: number;
  fps: number;
  stages: Partial<Record<Stage, Record<Percentile, number>>>;
  received: number;
  drops: Record<Cause, number>;
  interventions: number;
  objects: number;
  quality: { mean: number; min: number } | null;
  health: { memoryMb: number; temperatureC: number | null; thermalStep: number };
}

export const CAUSES = ['replaced', 'frozen', 'late', 'failed', 'viewers'] as const;
export type Cause = (typeof CAUSES)[number];

export interface DeviceEvent {
  sequence: number;
  atMs: number;
  kind: string;
  message: string;
}

interface ModelInfo {
  version: string;
  precision: string;
}

export interface DeviceNow {
  version: string;
  nowMs: number;
  device: {
    engine: string;
    executionProvider: string;
    profile: string;
    models: { bundle: string; sonosam: ModelInfo; deaot: ModelInfo };
    notices: string[];
  };
  source: { kind?: string };
  state: string | null;
  viewers: number;
}

export interface DeviceHistory {
  now: DeviceNow | null;
  windows: readonly DeviceWindow[];
  events: readonly DeviceEvent[];
  /** While the server does not answer, or asks for a token. */
  failed: 'unreachable' | 'token' | null;
}

const POLL_MS = 1000;
/** As many as the server keeps. */
const MOST_WINDOWS = 900;
const MOST_EVENTS = 200;

/** The device's latest minutes: all at first, then what is new each second. */
export function useDeviceHistory(token: string | undefined): DeviceHistory {
  const [history, setHistory] = useState<DeviceHistory>({
    now: null,
    windows: [],
    events: [],
    failed: null,
  });
  useEffect(() => {
    let [ended, timer, after, version] = [false, 0, 0, ''];
    const headers: HeadersInit = token ? { authorization: `Bearer ${token}` } : {};
    const ask = async (): Promise<DeviceHistory['failed']> => {
      const response = await fetch(`/api/device/history/${after}`, { headers });
      if (response.status === 401) return 'token';
      if (!response.ok) return 'unreachable';
      const { windows, events, ...now } = (await response.json()) as DeviceNow & {
        windows: DeviceWindow[];
        events: DeviceEvent[];
      };
      const last = Math.max(0, ...[...windows, ...events].map(({ sequence }) => sequence));
      version = now.version;
      after = Math.max(after, last);
      setHistory((before) => ({
        now,
        windows: [...before.windows, ...windows].slice(-MOST_WINDOWS),
        events: [...before.events, ...events].slice(-MOST_EVENTS),
        failed: null,
      }));
      return null;
    };
    const next = async (): Promise<void> => {
      const failed = await ask().catch(() => 'unreachable' as const);
      if (ended) return;
      if (failed) {
        setHistory((before) => ({ ...before, failed }));
        // Another process may answer next, whose numbers begin anew.
        if (version !== '') {
          [after, version] = [0, ''];
          setHistory((before) => ({ ...before, windows: [], events: [] }));
        }
      }
      timer = window.setTimeout(() => void next(), POLL_MS);
    };
    void next();
    return () => {
      ended = true;
      window.clearTimeout(timer);
    };
  }, [token]);
  return history;
}
