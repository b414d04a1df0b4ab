/** Numbers as they are read at the bedside. */
export function formatArea(area: number, isCalibrated: boolean): string {
  if (!isCalibrated) return `${Math.round(area).toLocaleString('en')} px`;
  if (area >= 1000) return `${(area / 100).toFixed(1)} cm²`;
  return `${area.toFixed(area < 100 ? 1 : 0)} mm²`;
}

export const milliseconds = (value: number | null | undefined): string =>
  value === null || value === undefined ? '–' : value.toFixed(value < 10 ? 1 : 0);

/** Value at quantile `q`, by nearest rank; null for none. */
export function quantile(values: readonly number[], q: number): number | null {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted.length ? sorted[Math.ceil(q * sorted.length) - 1] : null;
}
