/** Numbers as they are read at the bedside. */
export function formatArea(area: number, isCalibrated: boolean): string {
  if (!isCalibrated) return `${Math.round(area).toLocaleString('en')} px`;
  const { name, size } = areaUnit(area, isCalibrated);
  const value = area / size;
  return `${value.toFixed(value < 100 ? 1 : 0)} ${name}`;
}

/** The unit that an area is read in, and its size in mm² (px without calibration). */
export function areaUnit(area: number, isCalibrated: boolean): { name: string; size: number } {
  if (!isCalibrated) return { name: 'px', size: 1 };
  return area >= 1000 ? { name: 'cm²', size: 100 } : { name: 'mm²', size: 1 };
}

export const milliseconds = (value: number | null | undefined): string =>
  value === null || value === undefined ? '–' : value.toFixed(value < 10 ? 1 : 0);

/** Value at quantile `q`, by nearest rank; null for none. */
export function quantile(values: readonly number[], q: number): number | null {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted.length ? sorted[Math.ceil(q * sorted.length) - 1] : null;
}
