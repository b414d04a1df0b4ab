/**
 * NIfTI-1 and -2 (.nii, .nii.gz, .hdr + .img). Rows are as stored, never turned; the slices of a volume are its frames,
 * and those of the next point of time follow.
 */
import { promisify } from 'node:util';
import { constants, gunzip } from 'node:zlib';
import type { VolumeGeometry } from '../../sdk/types.js';
import type { IndexedSource } from './indexed.js';
import {
  affineOf,
  NIFTI_HEADER_BYTES,
  parseNiftiHeader,
  type NiftiHeader,
} from './nifti-header.js';
import { damaged, RandomAccessFile, reasonOf, unsupported } from './random-access.js';
import type { SampleType } from './samples.js';
import { frameBytesOf, openVolume, type VolumeLayout, type VolumeSettings } from './volume.js';

/** NIFTI_TYPE codes (nifti1.h) that are read: the type of a sample and how many make a pixel. */
const TYPES: Readonly<Record<number, readonly [SampleType, 1 | 3 | 4]>> = {
  2: ['uint8', 1],
  4: ['int16', 1],
  8: ['int32', 1],
  16: ['float32', 1],
  64: ['float64', 1],
  128: ['uint8', 3],
  256: ['int8', 1],
  512: ['uint16', 1],
  768: ['uint32', 1],
  2304: ['uint8', 4],
};

/** Compressed bytes that hold at least one header. */
const GZIP_HEAD_BYTES = 4096;

const unzip = promisify(gunzip);

/** @throws SonotrackError SOURCE_INVALID, SOURCE_UNSUPPORTED, and SOURCE_NOT_FOUND for a missing .img */
export async function openNifti(
  path: string,
  gzip: boolean,
  settings: VolumeSettings,
): Promise<IndexedSource> {
  const header = parseNiftiHeader(await headOf(path, gzip));
  if (!header) throw damaged(path, 'its header is no NIfTI header');
  const layout = layoutOf(path, header);
  const size = frameBytesOf(path, layout) * layout.frames;
  if (header.paired) {
    if (gzip) throw unsupported(path, 'one .nii.gz file', 'a compressed pair of .hdr and .img');
    const data = await RandomAccessFile.open(path.replace(/\.[^./\\]*$/, '.img'));
    return openVolume(data, Math.max(0, header.voxOffset), layout, settings);
  }
  const start = header.voxOffset;
  if (!Number.isSafeInteger(start) || start < (header.version === 1 ? 352 : 544)) {
    throw damaged(path, `its data cannot begin at byte ${start}`);
  }
  const file = gzip
    ? await RandomAccessFile.unpack(path, 0, start + size)
    : await RandomAccessFile.open(path);
  return openVolume(file, start, layout, settings);
}

async function headOf(path: string, gzip: boolean): Promise<Uint8Array> {
  const file = await RandomAccessFile.open(path);
  try {
    const wanted = gzip ? GZIP_HEAD_BYTES : NIFTI_HEADER_BYTES;
    const bytes = await file.read(0, Math.min(file.sizeBytes, wanted));
    // The input is cut on purpose, so the end of its stream is not waited for.
    return gzip ? await unzip(bytes, { finishFlush: constants.Z_SYNC_FLUSH }) : bytes;
  } catch (cause) {
    throw damaged(path, reasonOf(cause), cause);
  } finally {
    await file.close();
  }
}

function layoutOf(path: string, header: NiftiHeader): VolumeLayout {
  const type = TYPES[header.dataType];
  if (!type) {
    throw unsupported(
      path,
      'integers of 8 to 32 bits, floats of 32 or 64 bits, RGB or RGBA',
      `NIfTI data type ${header.dataType}`,
    );
  }
  const axes = header.dims[0];
  if (!(axes >= 2 && axes <= 7)) throw damaged(path, `it has ${axes} axes`);
  const size = Array.from({ length: 7 }, (_, i) => (i < axes ? header.dims[i + 1] : 1));
  const [widthPx, heightPx, slices, times, ...others] = size;
  if (others.some((n) => n !== 1)) {
    throw unsupported(path, 'at most four axes (x, y, z, time)', `sizes ${size.join(' × ')}`);
  }
  const [sample, channels] = type;
  // A slope of 0, or one that is not a number, means that values stand as stored (nifti1.h, "DATA SCALING").
  const scaled = channels === 1 && Number.isFinite(header.slope) && header.slope !== 0;
  return {
    kind: 'nifti',
    widthPx,
    heightPx,
    frames: slices > 0 && times > 0 ? slices * times : 0,
    channels,
    format: {
      type: sample,
      littleEndian: header.littleEndian,
      slope: scaled ? header.slope : 1,
      intercept: scaled && Number.isFinite(header.intercept) ? header.intercept : 0,
    },
    ...spaceOf(header, slices),
    frameRateHz: slices === 1 ? rateOf(header) : null,
  };
}

/** mm per unit of xyzt_units; without a unit a header that places its voxels means mm, as every reader takes it. */
function unitMm({ units, sformCode, qformCode }: NiftiHeader): number | null {
  const unit = units & 7;
  if (unit === 0) return sformCode > 0 || qformCode > 0 ? 1 : null;
  return { 1: 1000, 2: 1, 3: 0.001 }[unit] ?? null;
}

function spaceOf(
  header: NiftiHeader,
  slices: number,
): { spacingMm: VolumeLayout['spacingMm']; geometry: VolumeGeometry } {
  const unit = unitMm(header);
  const mm = (axis: number): number | null => {
    const size = Math.abs(header.pixDims[axis]);
    return unit !== null && Number.isFinite(size) && size > 0 ? size * unit : null;
  };
  const [x, y] = [mm(1), mm(2)];
  const affine = unit === null ? null : affineOf(header);
  return {
    spacingMm: x !== null && y !== null ? { x, y } : null,
    geometry: {
      slices,
      sliceSpacingMm: slices > 1 ? mm(3) : null,
      affine: affine?.map((value, i) => (i < 12 ? value * (unit ?? 1) : value)) ?? null,
    },
  };
}

/** Frames per second by the step of the time axis, where its unit is one of time. */
function rateOf({ pixDims, units }: NiftiHeader): number | null {
  const step = pixDims[4];
  const seconds = { 8: 1, 16: 1e-3, 24: 1e-6 }[units & 0x38];
  return seconds !== undefined && Number.isFinite(step) && step > 0 ? 1 / (step * seconds) : null;
}
