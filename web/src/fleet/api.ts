/** What the fleet host answers; docs/reference/cli.md, "fleet". */

export interface DeviceRow {
  key: string;
  online: boolean;
  sinceMs: number;
  heardMs: number | null;
  windowMs: number | null;
  fps: number | null;
  p50Ms: number | null;
  p95Ms: number | null;
  p99Ms: number | null;
  dropShare: number | null;
  quality: number | null;
  temperatureC: number | null;
  memoryMb: number | null;
  thermalStep: number | null;
  objects: number | null;
  missing: number;
  queue: number | null;
  models: string | null;
  profile: string | null;
  provider: string | null;
  version: string | null;
}

export interface Alert {
  node: string;
  kind: string;
  message: string;
  sinceMs: number;
}

export interface FleetState {
  connected: boolean;
  nowMs: number;
  counters: { messages: number; windows: number; missing: number; rebirthsAsked: number };
  devices: DeviceRow[];
  alerts: Alert[];
}

export interface DeviceState extends DeviceRow {
  nowMs: number;
  values: Record<string, number | string | boolean | null>;
}

export interface Minute {
  minuteMs: number;
  windows: number;
  fpsSum: number;
  p50Ms: number | null;
  p95Ms: number | null;
  p99Ms: number | null;
  quality: number | null;
  temperatureC: number | null;
}

/** Rejects when the host does not answer, or refuses. */
export async function ask<T>(path: string): Promise<T> {
  const response = await fetch(path);
  if (!response.ok) throw new Error(`${path}: ${response.status}`);
  return (await response.json()) as T;
}

const path = (key: string): string => key.split('/').map(encodeURIComponent).join('/');
export const devicePath = (key: string): string => `/api/device/${path(key)}`;
export const historyPath = (key: string): string => `/api/history/${path(key)}`;
