/** The table that both stores share, and its rows. */
import type { Minute } from './history.js';

/** In the order of `rowOf`; the first two are the key. */
export const COLUMNS = [
  'node',
  'minute_ms',
  'windows',
  'fps_sum',
  'p50_ms',
  'p95_ms',
  'p99_ms',
  'quality',
  'temperature_c',
  'memory_mb',
  'dropped',
] as const;

export type Row = Record<(typeof COLUMNS)[number], string | number | null>;

export const CREATE = `CREATE TABLE IF NOT EXISTS minutes (
  node TEXT NOT NULL,
  minute_ms BIGINT NOT NULL,
  windows BIGINT NOT NULL,
  fps_sum DOUBLE PRECISION NOT NULL,
  p50_ms DOUBLE PRECISION,
  p95_ms DOUBLE PRECISION,
  p99_ms DOUBLE PRECISION,
  quality DOUBLE PRECISION,
  temperature_c DOUBLE PRECISION,
  memory_mb DOUBLE PRECISION,
  dropped DOUBLE PRECISION,
  PRIMARY KEY (node, minute_ms)
)`;

/**
 * Adds to the minutes that are there.
 * @param values placeholders of a row, or of several: `…), (…`
 * @param greatest `least` the functions of that database; a null on either side leaves the other
 */
export function upsert(values: string, greatest: string, least: string): string {
  const pick = (name: string, of: string): string =>
    `${name} = ${of}(COALESCE(minutes.${name}, excluded.${name}), COALESCE(excluded.${name}, minutes.${name}))`;
  const most = ['p50_ms', 'p95_ms', 'p99_ms', 'temperature_c', 'memory_mb', 'dropped'];
  return `INSERT INTO minutes (${COLUMNS.join(', ')}) VALUES (${values})
    ON CONFLICT (node, minute_ms) DO UPDATE SET
      windows = minutes.windows + excluded.windows,
      fps_sum = minutes.fps_sum + excluded.fps_sum,
      ${pick('quality', least)},
      ${most.map((name) => pick(name, greatest)).join(',\n      ')}`;
}

export function rowOf(minute: Minute): (string | number | null)[] {
  return [
    minute.node,
    minute.minuteMs,
    minute.windows,
    minute.fpsSum,
    minute.p50Ms,
    minute.p95Ms,
    minute.p99Ms,
    minute.quality,
    minute.temperatureC,
    minute.memoryMb,
    minute.dropped,
  ];
}

/** 64-bit integers come as text from PostgreSQL. */
export function minuteOf(row: Row): Minute {
  const number = (value: string | number | null): number | null =>
    value === null ? null : Number(value);
  return {
    node: String(row.node),
    minuteMs: Number(row.minute_ms),
    windows: Number(row.windows),
    fpsSum: Number(row.fps_sum),
    p50Ms: number(row.p50_ms),
    p95Ms: number(row.p95_ms),
    p99Ms: number(row.p99_ms),
    quality: number(row.quality),
    temperatureC: number(row.temperature_c),
    memoryMb: number(row.memory_mb),
    dropped: number(row.dropped),
  };
}
