/**
 * MetaImage (.mha, .mhd + .raw), as ITK writes it, with the time stamps of tracked ultrasound sequences (PLUS, .igs.mha).
 * The slices of a volume are its frames, unless the file says that its third axis is time.
 */
import { dirname, isAbsolute, join, relative } from 'node:path';
import type { VolumeGeometry } from '../../sdk/types.js';
import type { IndexedSource } from './indexed.js';
import { damaged, RandomAccessFile, unsupported } from './random-access.js';
import { SAMPLE_TYPES, type SampleType } from './samples.js';
import { frameBytesOf, openVolume, type VolumeLayout, type VolumeSettings } from './volume.js';

const TYPES: Readonly<Record<string, SampleType>> = {
  MET_UCHAR: 'uint8',
  MET_CHAR: 'int8',
  MET_USHORT: 'uint16',
  MET_SHORT: 'int16',
  MET_UINT: 'uint32',
  MET_INT: 'int32',
  MET_FLOAT: 'float32',
  MET_DOUBLE: 'float64',
};

/** A header of some thousand tracked frames takes a few MB. */
const MAX_HEADER_BYTES = 64 * 2 ** 20;
const CHUNK_BYTES = 64 * 2 ** 10;

interface Header {
  fields: Map<string, string>;
  /** Time stamp of each frame, s; empty when there is none. */
  timesS: number[];
  bytes: number;
}

/** @throws SonotrackError SOURCE_INVALID, SOURCE_UNSUPPORTED, and SOURCE_NOT_FOUND for a missing data file */
export async function openMetaImage(
  path: string,
  settings: VolumeSettings,
): Promise<IndexedSource> {
  const header = await readHeader(path);
  const { fields } = header;
  const layout = layoutOf(path, header);
  const size = frameBytesOf(path, layout) * layout.frames;
  const name = fields.get('elementdatafile') ?? '';
  const local = name.toLowerCase() === 'local';
  const dataPath = local ? path : dataFileOf(path, name);
  const skipped = Number(fields.get('headersize') ?? 0);
  if (!Number.isSafeInteger(skipped) || skipped < -1) throw damaged(path, 'a wrong HeaderSize');
  if (isTrue(fields.get('compresseddata'))) {
    const start = local ? header.bytes : Math.max(0, skipped);
    return openVolume(await RandomAccessFile.unpack(dataPath, start, size), 0, layout, settings);
  }
  const file = await RandomAccessFile.open(dataPath);
  // -1: the data are the end of the file, whatever stands before.
  const start = skipped === -1 ? Math.max(0, file.sizeBytes - size) : skipped;
  return openVolume(file, local ? header.bytes : start, layout, settings);
}

const isTrue = (text?: string): boolean => text?.toLowerCase() === 'true' || text === '1';

/** Lines up to ElementDataFile, which ends the header. */
async function readHeader(path: string): Promise<Header> {
  const file = await RandomAccessFile.open(path);
  try {
    const fields = new Map<string, string>();
    const timesS: number[] = [];
    let rest = '';
    let consumed = 0;
    for (let at = 0; at < Math.min(file.sizeBytes, MAX_HEADER_BYTES); at += CHUNK_BYTES) {
      const chunk = await file.read(at, Math.min(CHUNK_BYTES, file.sizeBytes - at));
      rest += chunk.toString('latin1');
      for (let end = rest.indexOf('\n'); end >= 0; end = rest.indexOf('\n')) {
        const found = /^\s*(\w+)\s*=\s*(.*?)\s*$/.exec(rest.slice(0, end));
        rest = rest.slice(end + 1);
        consumed += end + 1;
        if (!found) continue;
        const [, key, value] = found;
        const stamp = /^Seq_Frame(\d{1,6})_Timestamp$/.exec(key);
        if (stamp) timesS[Number(stamp[1])] = Number(value);
        else if (!/^Seq_Frame/.test(key)) fields.set(key.toLowerCase(), value);
        if (key === 'ElementDataFile') return { fields, timesS, bytes: consumed };
      }
      if (rest.length > CHUNK_BYTES) break;
    }
    // The name of the data file may be the last line, without an end.
    const last = /^\s*ElementDataFile\s*=\s*(\S+)\s*$/.exec(rest);
    if (last) {
      fields.set('elementdatafile', last[1]);
      return { fields, timesS, bytes: file.sizeBytes };
    }
    throw damaged(path, 'its header has no ElementDataFile');
  } finally {
    await file.close();
  }
}

/** A file beside the header or below; others are refused, so that a header cannot have any file of the machine read. */
function dataFileOf(path: string, name: string): string {
  const folder = dirname(path);
  const target = join(folder, name);
  const way = relative(folder, target);
  if (name === '' || /\s/.test(name) || name.toLowerCase() === 'list' || name.includes('%')) {
    throw unsupported(path, 'one data file or LOCAL', `ElementDataFile = ${name}`);
  }
  if (isAbsolute(name) || way.startsWith('..') || isAbsolute(way)) {
    throw unsupported(path, 'a data file in the folder of its header', name);
  }
  return target;
}

function layoutOf(path: string, { fields, timesS }: Header): VolumeLayout {
  const axes = Number(fields.get('ndims'));
  if (!(axes >= 2 && axes <= 4)) throw unsupported(path, '2 to 4 axes', `NDims = ${axes}`);
  const sizes = numbersOf(path, fields, 'dimsize', axes);
  if (!sizes) throw damaged(path, 'its header has no DimSize');
  const type = TYPES[(fields.get('elementtype') ?? '').replace(/_ARRAY$/, '')];
  if (!type) {
    throw unsupported(path, Object.keys(TYPES).join(', '), fields.get('elementtype') ?? 'no type');
  }
  const channels = Number(fields.get('elementnumberofchannels') ?? 1);
  if (channels !== 1 && channels !== 3 && channels !== 4) {
    throw unsupported(path, '1, 3 or 4 channels', String(channels));
  }
  if (fields.has('binarydata') && !isTrue(fields.get('binarydata'))) {
    throw unsupported(path, 'binary data', 'BinaryData = False');
  }
  const bigEndian = isTrue(
    fields.get('binarydatabyteordermsb') ?? fields.get('elementbyteordermsb'),
  );
  const [widthPx, heightPx, third = 1, fourth = 1] = sizes;
  const sequence = timesS.length > 0 || /\blist\b/i.test(fields.get('kinds') ?? '');
  const times = axes === 3 && sequence ? third : fourth;
  const slices = axes === 3 && sequence ? 1 : third;
  return {
    kind: 'metaimage',
    widthPx,
    heightPx,
    frames: slices * times,
    channels,
    format: {
      type,
      littleEndian: SAMPLE_TYPES[type].bytes === 1 || !bigEndian,
      slope: 1,
      intercept: 0,
    },
    ...spaceOf(path, fields, axes, slices),
    ...timesOf(timesS, slices === 1 ? times : 0),
  };
}

/** A list of exactly `count` numbers; null when the key is missing. */
function numbersOf(
  path: string,
  fields: Map<string, string>,
  key: string,
  count: number,
): number[] | null {
  const text = fields.get(key);
  if (text === undefined) return null;
  const values = text.split(/\s+/).map(Number);
  if (values.length !== count || !values.every(Number.isFinite)) {
    throw damaged(path, `expected ${count} numbers for ${key} but received ${text.slice(0, 60)}`);
  }
  return values;
}

/**
 * Spacing is mm by ITK's convention; the axes' directions (the rows of TransformMatrix) and the offset are LPS, which turns
 * into RAS by the signs of x and y.
 */
function spaceOf(
  path: string,
  fields: Map<string, string>,
  axes: number,
  slices: number,
): { spacingMm: VolumeLayout['spacingMm']; geometry: VolumeGeometry } {
  const spacing =
    numbersOf(path, fields, 'elementspacing', axes) ?? numbersOf(path, fields, 'elementsize', axes);
  const mm = (axis: number): number | null => {
    const size = Math.abs(spacing?.[axis] ?? 0);
    return size > 0 ? size : null;
  };
  const [x, y, z] = [mm(0), mm(1), mm(2)];
  const sliceSpacingMm = slices > 1 ? z : null;
  const first = (...keys: string[]): string | undefined => keys.find((key) => fields.has(key));
  const matrixKey = first('transformmatrix', 'rotation', 'orientation');
  const offsetKey = first('offset', 'origin', 'position');
  let affine: number[] | null = null;
  if (axes >= 3 && matrixKey && offsetKey && x !== null && y !== null) {
    const rows = numbersOf(path, fields, matrixKey, axes * axes) ?? [];
    const offset = numbersOf(path, fields, offsetKey, axes) ?? [];
    const steps = [x, y, z ?? 1];
    affine = [0, 1, 2].flatMap((world) => {
      const sign = world < 2 ? -1 : 1;
      const columns = steps.map((step, axis) => sign * rows[axis * axes + world] * step);
      return [...columns, sign * offset[world]];
    });
    affine.push(0, 0, 0, 1);
    // -0 would be written as such
    affine = affine.map((value) => value + 0);
  }
  return {
    spacingMm: x !== null && y !== null ? { x, y } : null,
    geometry: { slices, sliceSpacingMm, affine },
  };
}

/** The rate between the first and the last stamp, and the stamps themselves when there is one a frame and they rise. */
function timesOf(
  timesS: readonly number[],
  frames: number,
): Pick<VolumeLayout, 'frameRateHz' | 'timesNs'> {
  const whole =
    frames > 1 &&
    timesS.length === frames &&
    Array.from(timesS).every((time, i) => Number.isFinite(time) && (!i || time > timesS[i - 1]));
  if (!whole) return { frameRateHz: null };
  const span = timesS[frames - 1] - timesS[0];
  return {
    frameRateHz: (frames - 1) / span,
    timesNs: timesS.map((time) => BigInt(Math.round((time - timesS[0]) * 1e9))),
  };
}
