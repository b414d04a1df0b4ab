/** Calibration: the Sequence of Ultrasound Regions (PS3.3 C.8.5.5), and Pixel Spacing where the standard allows it. */
import type { DataSet } from 'dicom-parser';
import type { Box, SourceRegion, SpacingMm } from '../../../sdk/types.js';
import { decimals } from './elements.js';

/** Physical Units Direction 3: cm (C.8.5.5.1.15). */
const CM = 3;
const MM_PER_CM = 10;
/** Region Spatial Format (C.8.5.5.1.1). */
const KINDS = ['none', '2d', 'm-mode', 'spectral', 'waveform', 'graphics'];
/** Region Data Types that a 2-D picture can have: none given, tissue, colour flow, integrated backscatter (C.8.5.5.1.2). */
const SPATIAL_DATA = new Set([0, 1, 2, 0x0f]);

/** SOP classes in whose images Pixel Spacing is that of the patient (image plane module). In ultrasound images it is not. */
const PLANE_CLASSES = new Set([
  '1.2.840.10008.5.1.4.1.1.2', // CT
  '1.2.840.10008.5.1.4.1.1.4', // MR
  '1.2.840.10008.5.1.4.1.1.128', // PET
]);
/** Enhanced US Volume keeps it in the shared functional groups (C.7.6.16.2.1). */
const ENHANCED_US_VOLUME = '1.2.840.10008.5.1.4.1.1.6.2';

/** All regions in order, cut to the picture; those that lie outside of it are left out. */
export function regionsOf(dataSet: DataSet, widthPx: number, heightPx: number): SourceRegion[] {
  const items = dataSet.elements.x00186011?.items ?? [];
  return items.flatMap(({ dataSet: item }) => {
    if (!item) return [];
    const edges = ['x00186018', 'x0018601a', 'x0018601c', 'x0018601e'].map((tag) =>
      item.uint32(tag),
    );
    if (edges.some((edge) => edge === undefined)) return [];
    const [x0, y0, x1, y1] = edges as number[];
    // The last column and row are within the region (C.8.5.5.1.14); boxes here are half-open.
    const box: Box = [x0, y0, Math.min(x1 + 1, widthPx), Math.min(y1 + 1, heightPx)];
    if (box[0] >= box[2] || box[1] >= box[3]) return [];
    const format = item.uint16('x00186012') ?? 0;
    const kind = KINDS[format] ?? 'unknown';
    return [{ box, kind, spacingMm: kind === '2d' ? regionSpacing(item) : null }];
  });
}

function regionSpacing(item: DataSet): SpacingMm | null {
  const type = item.uint16('x00186014');
  if (type !== undefined && !SPATIAL_DATA.has(type)) return null;
  if (item.uint16('x00186024') !== CM || item.uint16('x00186026') !== CM) return null;
  const x = Math.abs(item.double('x0018602c') ?? 0) * MM_PER_CM;
  const y = Math.abs(item.double('x0018602e') ?? 0) * MM_PER_CM;
  return Number.isFinite(x) && Number.isFinite(y) && x > 0 && y > 0 ? { x, y } : null;
}

const areaOf = ([x0, y0, x1, y1]: Box): number => (x1 - x0) * (y1 - y0);

/** The spacing of the largest region that has one, else that of the image plane; null when neither is known. */
export function spacingOf(dataSet: DataSet, regions: readonly SourceRegion[]): SpacingMm | null {
  const calibrated = regions.filter(({ spacingMm }) => spacingMm !== null);
  if (calibrated.length > 0) {
    return calibrated.reduce((a, b) => (areaOf(b.box) > areaOf(a.box) ? b : a)).spacingMm;
  }
  const sopClass = dataSet.string('x00080016') ?? '';
  if (PLANE_CLASSES.has(sopClass)) return planeSpacing(dataSet);
  if (sopClass !== ENHANCED_US_VOLUME) return null;
  const measures = dataSet.elements.x52009229?.items?.[0]?.dataSet?.elements.x00289110?.items?.[0];
  return measures?.dataSet ? planeSpacing(measures.dataSet) : null;
}

/** Pixel Spacing is the distance of rows, then of columns (10.7.1.3). */
function planeSpacing(dataSet: DataSet): SpacingMm | null {
  const [y, x] = decimals(dataSet, 'x00280030');
  return x > 0 && y > 0 ? { x, y } : null;
}
