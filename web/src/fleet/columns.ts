import type { DeviceRow } from './api.ts';

export interface Column {
  id: keyof DeviceRow;
  title: string;
  unit?: string;
  /** Text of a value that is not null. */
  text?: (value: number) => string;
}

const fixed =
  (digits: number) =>
  (value: number): string =>
    value.toFixed(digits);
const percent = (value: number): string => (100 * value).toFixed(0);

/** Of the table, after the state. */
export const COLUMNS: readonly Column[] = [
  { id: 'key', title: 'device' },
  { id: 'fps', title: 'results', unit: 'Hz', text: fixed(1) },
  { id: 'p50Ms', title: 'p50', unit: 'ms', text: fixed(1) },
  { id: 'p95Ms', title: 'p95', unit: 'ms', text: fixed(1) },
  { id: 'p99Ms', title: 'p99', unit: 'ms', text: fixed(1) },
  { id: 'dropShare', title: 'dropped', unit: '%', text: percent },
  { id: 'quality', title: 'quality', text: fixed(2) },
  { id: 'temperatureC', title: 'temp.', unit: '°C', text: fixed(0) },
  { id: 'memoryMb', title: 'memory', unit: 'MB', text: fixed(0) },
  { id: 'missing', title: 'missing' },
  { id: 'models', title: 'models' },
  { id: 'profile', title: 'profile' },
];

export interface Sort {
  by: keyof DeviceRow;
  descending: boolean;
}

/** Rows whose text holds every word of the filter, sorted; rows without a value come last. */
export function arranged(
  rows: readonly DeviceRow[],
  { by, descending }: Sort,
  filter: string,
): DeviceRow[] {
  const words = filter.toLowerCase().split(/\s+/).filter(Boolean);
  const matches = (row: DeviceRow): boolean => {
    const text = `${row.key} ${row.models} ${row.profile} ${row.provider} ${row.online ? 'online' : 'offline'}`;
    return words.every((word) => text.toLowerCase().includes(word));
  };
  return rows.filter(matches).sort((a, b) => {
    const [x, y] = [a[by], b[by]];
    if (x === null || y === null) return Number(x === null) - Number(y === null);
    const order =
      typeof x === 'string'
        ? x.localeCompare(String(y), 'en', { numeric: true })
        : Number(x) - Number(y);
    return (descending ? -order : order) || a.key.localeCompare(b.key, 'en', { numeric: true });
  });
}
