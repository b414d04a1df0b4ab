/** DICOM files of given pixels and elements for tests. */
import {
  encodeDataSet,
  encodeDicomFile,
  encodeFragments,
  EXPLICIT_LITTLE_ENDIAN,
  type DicomElement,
} from '../../src/io/writers/dicom-elements.js';

export interface DicomFields {
  widthPx: number;
  heightPx: number;
  frames?: number;
  transferSyntax?: string;
  samples?: number;
  bitsAllocated?: number;
  bitsStored?: number;
  photometric?: string;
  /** More elements, or others in place of those below, by tag. */
  elements?: DicomElement[];
  /** The pixels, or the fragments of each frame. */
  pixels: Uint8Array | Uint8Array[];
}

/** A file with a preamble, meta information, the image pixel module and identifiers that must not come out. */
export function dicomFile(fields: DicomFields): Buffer {
  const { samples = 1, bitsAllocated = 8, bitsStored = bitsAllocated, pixels } = fields;
  const standard: DicomElement[] = [
    ['00080016', 'UI', '1.2.840.10008.5.1.4.1.1.3.1'],
    ['00080018', 'UI', '1.2.3.4.5'],
    ['00080020', 'DA', '19991231'],
    ['00080060', 'CS', 'US'],
    ['00080080', 'LO', 'Secret Hospital'],
    ['00100010', 'PN', 'Doe^Jane'],
    ['00100020', 'LO', 'SECRET-ID'],
    ['0020000d', 'UI', '1.2.3.4'],
    ['0020000e', 'UI', '1.2.3.4.1'],
    ['00280002', 'US', samples],
    ['00280004', 'CS', fields.photometric ?? (samples === 3 ? 'RGB' : 'MONOCHROME2')],
    ['00280008', 'IS', String(fields.frames ?? 1)],
    ['00280010', 'US', fields.heightPx],
    ['00280011', 'US', fields.widthPx],
    ['00280100', 'US', bitsAllocated],
    ['00280101', 'US', bitsStored],
    ['00280102', 'US', bitsStored - 1],
    ['00280103', 'US', 0],
  ];
  const all = new Map(standard.map((element) => [element[0], element]));
  for (const element of fields.elements ?? []) all.set(element[0], element);
  const syntax = fields.transferSyntax ?? EXPLICIT_LITTLE_ENDIAN;
  const encoded =
    pixels instanceof Uint8Array
      ? encodeDataSet([['7fe00010', 'OB', pixels]])
      : encodeFragments(pixels);
  return Buffer.concat([encodeDicomFile([['00020010', 'UI', syntax]], [...all.values()]), encoded]);
}

/** An item of the Sequence of Ultrasound Regions. */
export function region(change: {
  box: readonly [number, number, number, number];
  format?: number;
  type?: number;
  units?: readonly [number, number];
  deltas?: readonly [number, number];
}): DicomElement[] {
  const { box, format = 1, type = 1, units = [3, 3], deltas = [0.01, 0.02] } = change;
  return [
    ['00186012', 'US', format],
    ['00186014', 'US', type],
    ['00186018', 'UL', box[0]],
    ['0018601a', 'UL', box[1]],
    ['0018601c', 'UL', box[2]],
    ['0018601e', 'UL', box[3]],
    ['00186024', 'US', units[0]],
    ['00186026', 'US', units[1]],
    ['0018602c', 'FD', deltas[0]],
    ['0018602e', 'FD', deltas[1]],
  ];
}
