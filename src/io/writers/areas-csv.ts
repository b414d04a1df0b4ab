/** Areas over time as comma-separated values (RFC 4180), one row per object and frame. */
import type { TrackResult } from '../../sdk/types.js';

export const AREAS_HEADER = 'frame,timeS,object,areaPx,areaMm2,quality,status';

/**
 * Rows of one result, without a line end after the last. `areaMm2` is empty where the spacing is unknown; `timeS` counts
 * from `startNs`, the capture time of the first frame; null, for slices of a volume, leaves it empty.
 */
export function areaRows(
  { frame, objects }: Pick<TrackResult, 'frame' | 'objects'>,
  startNs: bigint | null,
): string[] {
  const timeS = startNs === null ? '' : (Number(frame.captureNs - startNs) / 1e9).toFixed(4);
  return objects.map(({ id, mask, quality, status }) =>
    [
      frame.id,
      timeS,
      id,
      mask.areaPx,
      mask.areaMm2 === null ? '' : mask.areaMm2.toFixed(2),
      quality.toFixed(4),
      status,
    ].join(','),
  );
}

/** The whole file: a header, the rows, and a final line end. */
export function areasCsv(rows: readonly string[]): string {
  return `${[AREAS_HEADER, ...rows].join('\n')}\n`;
}
