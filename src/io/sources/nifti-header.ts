/**
 * The header of NIfTI-1 (nifti1.h) and NIfTI-2 (nifti2.h). Read here rather than by a package: the one that npm has loses
 * the sform where the qform's code is higher, and has no affine (NaN) for a half turn, where rounding takes b² + c² + d²
 * above 1.
 */

export interface NiftiHeader {
  version: 1 | 2;
  littleEndian: boolean;
  /** The data lie in an .img file beside. */
  paired: boolean;
  /** NIFTI_TYPE code. */
  dataType: number;
  /** dim[0], the number of axes, to dim[7]. */
  dims: number[];
  /** pixdim[0], the handedness of the qform, to pixdim[7]. */
  pixDims: number[];
  voxOffset: number;
  slope: number;
  intercept: number;
  /** NIFTI_UNITS codes: space in bits 0–2, time in bits 3–5. */
  units: number;
  qformCode: number;
  sformCode: number;
  /** quatern_b, _c, _d, qoffset_x, _y, _z. */
  qform: number[];
  /** srow_x, srow_y, srow_z: 12 numbers. */
  sform: number[];
}

type Kind = 'i16' | 'i32' | 'i64' | 'f32' | 'f64' | 'u8';
type Field = readonly [offset: number, kind: Kind];

interface Layout {
  headerBytes: number;
  magicAt: number;
  dataType: Field;
  dims: Field;
  pixDims: Field;
  voxOffset: Field;
  slope: Field;
  intercept: Field;
  units: Field;
  qformCode: Field;
  sformCode: Field;
  qform: Field;
  sform: Field;
}

const LAYOUTS: Record<1 | 2, Layout> = {
  1: {
    headerBytes: 348,
    magicAt: 344,
    dataType: [70, 'i16'],
    dims: [40, 'i16'],
    pixDims: [76, 'f32'],
    voxOffset: [108, 'f32'],
    slope: [112, 'f32'],
    intercept: [116, 'f32'],
    units: [123, 'u8'],
    qformCode: [252, 'i16'],
    sformCode: [254, 'i16'],
    qform: [256, 'f32'],
    sform: [280, 'f32'],
  },
  2: {
    headerBytes: 540,
    magicAt: 4,
    dataType: [12, 'i16'],
    dims: [16, 'i64'],
    pixDims: [104, 'f64'],
    voxOffset: [168, 'i64'],
    slope: [176, 'f64'],
    intercept: [184, 'f64'],
    units: [500, 'i32'],
    qformCode: [344, 'i32'],
    sformCode: [348, 'i32'],
    qform: [352, 'f64'],
    sform: [400, 'f64'],
  },
};

const BYTES: Record<Kind, number> = { u8: 1, i16: 2, i32: 4, i64: 8, f32: 4, f64: 8 };

/** Bytes that hold the header of either version. */
export const NIFTI_HEADER_BYTES = 540;

/** Null when `bytes` are no NIfTI header. */
export function parseNiftiHeader(bytes: Uint8Array): NiftiHeader | null {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (bytes.length < LAYOUTS[1].headerBytes) return null;
  const found = ([1, 2] as const)
    .flatMap((version) => [true, false].map((littleEndian) => ({ version, littleEndian })))
    .find((kind) => view.getInt32(0, kind.littleEndian) === LAYOUTS[kind.version].headerBytes);
  if (!found || bytes.length < LAYOUTS[found.version].headerBytes) return null;
  const { version, littleEndian } = found;
  const layout = LAYOUTS[version];
  const magic = String.fromCharCode(...bytes.subarray(layout.magicAt, layout.magicAt + 3));
  if (magic !== `n+${version}` && magic !== `ni${version}`) return null;
  const numbers = ([offset, kind]: Field, count: number): number[] =>
    Array.from({ length: count }, (_, i) => read(view, offset + i * BYTES[kind], kind));
  const read = (data: DataView, at: number, kind: Kind): number => {
    if (kind === 'u8') return data.getUint8(at);
    if (kind === 'i16') return data.getInt16(at, littleEndian);
    if (kind === 'i32') return data.getInt32(at, littleEndian);
    if (kind === 'i64') return Number(data.getBigInt64(at, littleEndian));
    return kind === 'f32' ? data.getFloat32(at, littleEndian) : data.getFloat64(at, littleEndian);
  };
  const number = (field: Field): number => numbers(field, 1)[0];
  return {
    version,
    littleEndian,
    paired: magic[1] === 'i',
    dataType: number(layout.dataType),
    dims: numbers(layout.dims, 8),
    // 32-bit floats as the decimals that were meant: 0.02, not 0.0199999996
    pixDims: numbers(layout.pixDims, 8).map((v) => (version === 1 ? Number(v.toPrecision(7)) : v)),
    voxOffset: number(layout.voxOffset),
    slope: number(layout.slope),
    intercept: number(layout.intercept),
    units: number(layout.units),
    qformCode: number(layout.qformCode),
    sformCode: number(layout.sformCode),
    qform: numbers(layout.qform, 6),
    sform: numbers(layout.sform, 12),
  };
}

/**
 * Row-major 4 × 4: voxel (i, j, k, 1) → place in the header's unit, RAS+. Method 3 (sform) before method 2 (qform), as ITK
 * and nibabel have it; null where neither is given.
 */
export function affineOf(header: NiftiHeader): number[] | null {
  let affine: number[] | null = null;
  if (header.sformCode > 0) affine = [...header.sform, 0, 0, 0, 1];
  else if (header.qformCode > 0) affine = qformAffine(header);
  return affine?.every(Number.isFinite) ? affine : null;
}

/** The rotation of the quaternion (a, b, c, d), whose a is ≥ 0, with the voxel sizes and the offset. */
function qformAffine({ qform, pixDims }: NiftiHeader): number[] {
  const [b, c, d, offsetX, offsetY, offsetZ] = qform;
  // Rounding may take the sum above 1 where a is 0: half a turn, which is common.
  const a = Math.sqrt(Math.max(0, 1 - (b * b + c * c + d * d)));
  const [, x, y] = pixDims;
  const z = pixDims[3] * (pixDims[0] < 0 ? -1 : 1);
  return [
    (a * a + b * b - c * c - d * d) * x,
    2 * (b * c - a * d) * y,
    2 * (b * d + a * c) * z,
    offsetX,
    2 * (b * c + a * d) * x,
    (a * a + c * c - b * b - d * d) * y,
    2 * (c * d - a * b) * z,
    offsetY,
    2 * (b * d - a * c) * x,
    2 * (c * d + a * b) * y,
    (a * a + d * d - b * b - c * c) * z,
    offsetZ,
    ...[0, 0, 0, 1],
  ];
}
