/**
 * Masks as a DICOM Segmentation (PS3.3 A.51, C.8.20): binary, a frame for each mask that is not empty, with references to the
 * frames of the source. Patient and study go from the source's file to this one, and through nothing else.
 */
import { randomUUID } from 'node:crypto';
import type { DataSet } from 'dicom-parser';
import { packageVersion } from '../../runtime/package-info.js';
import { rangeError } from '../../runtime/validate.js';
import { Mask } from '../../sdk/mask.js';
import type { SpacingMm } from '../../sdk/types.js';
import { readDicomHeader } from '../sources/dicom/elements.js';
import { regionsOf, spacingOf } from '../sources/dicom/regions.js';
import { damaged, RandomAccessFile } from '../sources/random-access.js';
import { encodeDicomFile, EXPLICIT_LITTLE_ENDIAN, type DicomElement } from './dicom-elements.js';

const SEGMENTATION_STORAGE = '1.2.840.10008.5.1.4.1.1.66.4';

/** A code of PS3.16. */
export interface Code {
  value: string;
  scheme: string;
  meaning: string;
}

const ANATOMICAL_STRUCTURE: Code = {
  value: '91723000',
  scheme: 'SCT',
  meaning: 'Anatomical Structure',
};
const SEGMENTATION: Code = { value: '113076', scheme: 'DCM', meaning: 'Segmentation' };
const SOURCE_IMAGE: Code = {
  value: '121322',
  scheme: 'DCM',
  meaning: 'Source image for image processing operation',
};

/** Patient and study modules, copied byte for byte; those of type 2 are there even where they are empty. */
const COPIED: readonly (readonly [tag: string, vr: string, required: boolean])[] = [
  ['00080005', 'CS', false],
  ['00080020', 'DA', true],
  ['00080030', 'TM', true],
  ['00080050', 'SH', true],
  ['00080090', 'PN', true],
  ['00100010', 'PN', true],
  ['00100020', 'LO', true],
  ['00100030', 'DA', true],
  ['00100040', 'CS', true],
  ['0020000d', 'UI', true],
  ['00200010', 'SH', true],
  ['00200052', 'UI', false],
];

export interface SegmentName {
  label: string;
  /** Default: anatomical structure (SNOMED CT). */
  type?: Code;
}

/**
 * @example
 * const writer = await DicomSegWriter.of('cine.dcm');
 * writer.add(0, [{ id: 1, mask }]); // the first frame
 * await writeAtomically('masks.dcm', writer.encode({ 1: { label: 'left ventricle' } }));
 */
export class DicomSegWriter {
  readonly #source: DataSet;
  readonly #spacingMm: SpacingMm | null;
  readonly #widthPx: number;
  readonly #heightPx: number;
  readonly #bits = new BitPacker();
  readonly #frames: { frame: number; id: number }[] = [];

  private constructor(source: DataSet) {
    this.#source = source;
    this.#widthPx = source.uint16('x00280011') ?? 0;
    this.#heightPx = source.uint16('x00280010') ?? 0;
    this.#spacingMm = spacingOf(source, regionsOf(source, this.#widthPx, this.#heightPx));
  }

  /** @throws SonotrackError SOURCE_INVALID when the source is no DICOM image with identifiers of its own */
  static async of(sourcePath: string): Promise<DicomSegWriter> {
    const file = await RandomAccessFile.open(sourcePath);
    try {
      const { dataSet } = await readDicomHeader(file);
      const identifiers = ['x00080016', 'x00080018', 'x0020000d', 'x0020000e'];
      if (identifiers.some((tag) => !dataSet.string(tag))) {
        throw damaged(sourcePath, 'it lacks the identifiers that a segmentation refers to');
      }
      return new DicomSegWriter(dataSet);
    } finally {
      await file.close();
    }
  }

  /**
   * The masks of a frame of the source, counted from 0. Empty ones are left out.
   * @throws RangeError for a mask of another size than the source's, or an id outside of 1–65535
   */
  add(frame: number, objects: readonly { id: number; mask: Mask }[]): void {
    for (const { id, mask } of objects) {
      if (mask.widthPx !== this.#widthPx || mask.heightPx !== this.#heightPx) {
        throw rangeError(`a mask of ${this.#widthPx} × ${this.#heightPx} px`, 'mask', mask);
      }
      if (!Number.isInteger(id) || id < 1 || id > 65535) {
        throw rangeError('an integer of 1–65535', 'id', id);
      }
      if (mask.areaPx === 0) continue;
      this.#bits.add(Mask.bitmapOf(mask));
      this.#frames.push({ frame, id });
    }
  }

  /** The file. Segments are numbered from 1 in order of the ids. @throws RangeError when no mask has a pixel */
  encode(names: Readonly<Record<number, SegmentName>> = {}, now = new Date()): Buffer {
    if (this.#frames.length === 0) throw rangeError('masks that are not empty', 'masks', null);
    const ids = [...new Set(this.#frames.map(({ id }) => id))].sort((a, b) => a - b);
    const uid = newUid();
    return encodeDicomFile(
      [
        ['00020001', 'OB', Uint8Array.of(0, 1)],
        ['00020002', 'UI', SEGMENTATION_STORAGE],
        ['00020003', 'UI', uid],
        ['00020010', 'UI', EXPLICIT_LITTLE_ENDIAN],
        ['00020012', 'UI', '2.25.302474214372683410612184093104325387264'],
      ],
      [
        ...this.#copied(),
        ...generalElements(uid, now),
        ['00080008', 'CS', 'DERIVED\\PRIMARY'],
        ['00081115', 'SQ', [this.#referencedSeries()]],
        ['00280002', 'US', 1],
        ['00280004', 'CS', 'MONOCHROME2'],
        ['00280008', 'IS', String(this.#frames.length)],
        ['00280010', 'US', this.#heightPx],
        ['00280011', 'US', this.#widthPx],
        ['00280100', 'US', 1],
        ['00280101', 'US', 1],
        ['00280102', 'US', 0],
        ['00280103', 'US', 0],
        ['00282110', 'CS', this.#source.string('x00282110') === '01' ? '01' : '00'],
        ['00620001', 'CS', 'BINARY'],
        [
          '00620002',
          'SQ',
          ids.map((id, i) => segment(i + 1, names[id] ?? { label: `object ${id}` })),
        ],
        ...dimensions(),
        ['52009229', 'SQ', [this.#shared()]],
        ['52009230', 'SQ', this.#frames.map((entry) => this.#perFrame(entry, ids))],
        ['7fe00010', 'OB', this.#bits.bytes()],
      ],
    );
  }

  #copied(): DicomElement[] {
    return COPIED.flatMap(([tag, vr, required]): DicomElement[] => {
      const element = this.#source.elements[`x${tag}`];
      const { dataOffset = 0, length = 0 } = element ?? {};
      const value = this.#source.byteArray.slice(dataOffset, dataOffset + length);
      return element || required ? [[tag, vr, Uint8Array.from(value)]] : [];
    });
  }

  #reference(): DicomElement[] {
    return [
      ['00081150', 'UI', this.#source.string('x00080016') ?? ''],
      ['00081155', 'UI', this.#source.string('x00080018') ?? ''],
    ];
  }

  #referencedSeries(): DicomElement[] {
    return [
      ['0008114a', 'SQ', [this.#reference()]],
      ['0020000e', 'UI', this.#source.string('x0020000e') ?? ''],
    ];
  }

  #shared(): DicomElement[] {
    const spacing = this.#spacingMm;
    const measures: DicomElement[] = spacing
      ? [
          // The thickness is not known; readers want the attribute all the same.
          ['00180050', 'DS', ''],
          ['00280030', 'DS', `${decimalString(spacing.y)}\\${decimalString(spacing.x)}`],
        ]
      : [];
    return measures.length ? [['00289110', 'SQ', [measures]]] : [];
  }

  #perFrame({ frame, id }: { frame: number; id: number }, ids: readonly number[]): DicomElement[] {
    const number = ids.indexOf(id) + 1;
    const multiFrame = this.#source.string('x00280008') !== undefined;
    const source: DicomElement[] = [
      ...this.#reference(),
      ...(multiFrame ? [['00081160', 'IS', String(frame + 1)] as const] : []),
      ['0028135a', 'CS', 'YES'], // a pixel of the mask is that pixel of the frame
      ['0040a170', 'SQ', [code(SOURCE_IMAGE)]],
    ];
    return [
      [
        '00089124',
        'SQ',
        [
          [
            ['00082112', 'SQ', [source]],
            ['00089215', 'SQ', [code(SEGMENTATION)]],
          ],
        ],
      ],
      [
        '00209111',
        'SQ',
        [
          [
            ['00209128', 'UL', frame + 1],
            ['00209157', 'UL', [number, frame + 1]],
          ],
        ],
      ],
      ['0062000a', 'SQ', [[['0062000b', 'US', number]]]],
    ];
  }
}

function generalElements(uid: string, now: Date): DicomElement[] {
  const [date, time] = now.toISOString().replace(/[-:]/g, '').split('T');
  return [
    ['00080016', 'UI', SEGMENTATION_STORAGE],
    ['00080018', 'UI', uid],
    ['00080023', 'DA', date],
    ['00080033', 'TM', time.slice(0, 6)],
    ['00080060', 'CS', 'SEG'],
    ['00080070', 'LO', 'sonotrack'],
    ['00081090', 'LO', 'sonotrack'],
    ['00181000', 'LO', 'none'],
    ['00181020', 'LO', packageVersion()],
    ['0020000e', 'UI', newUid()],
    ['00200011', 'IS', '1'],
    ['00200013', 'IS', '1'],
    ['00700080', 'CS', 'SEGMENTATION'],
    ['00700081', 'LO', 'Masks of tracked structures'],
    ['00700084', 'PN', ''],
  ];
}

/** A UID made from a UUID (PS3.5 B.2). */
const newUid = (): string => `2.25.${BigInt(`0x${randomUUID().replaceAll('-', '')}`)}`;

/** At most 16 characters (PS3.5 table 6.2-1). */
const decimalString = (value: number): string => String(Number(value.toPrecision(10))).slice(0, 16);

function code({ value, scheme, meaning }: Code): DicomElement[] {
  return [
    ['00080100', 'SH', value],
    ['00080102', 'SH', scheme],
    ['00080104', 'LO', meaning],
  ];
}

function segment(
  number: number,
  { label, type = ANATOMICAL_STRUCTURE }: SegmentName,
): DicomElement[] {
  return [
    ['00620003', 'SQ', [code(ANATOMICAL_STRUCTURE)]],
    ['00620004', 'US', number],
    ['00620005', 'LO', label.replace(/[^ -[\]-~]/g, '?').slice(0, 64)],
    ['00620008', 'CS', 'SEMIAUTOMATIC'],
    ['00620009', 'LO', 'sonotrack'],
    ['0062000f', 'SQ', [code(type)]],
  ];
}

/** Frames are told apart by their segment and by their place in time. */
function dimensions(): DicomElement[] {
  const organization: DicomElement = ['00209164', 'UI', newUid()];
  const tag = (text: string): Uint8Array => {
    const bytes = Buffer.from(text, 'hex');
    return Uint8Array.of(bytes[1], bytes[0], bytes[3], bytes[2]);
  };
  const index = (pointer: string, group: string): DicomElement[] => [
    organization,
    ['00209165', 'AT', tag(pointer)],
    ['00209167', 'AT', tag(group)],
  ];
  return [
    ['00209221', 'SQ', [[organization]]],
    ['00209222', 'SQ', [index('0062000b', '0062000a'), index('00209128', '00209111')]],
  ];
}

/** Bits of frame after frame without gaps, the first in the lowest bit (PS3.5 8.1.1). */
class BitPacker {
  readonly #chunks: Uint8Array[] = [];
  #carry = 0;
  #carried = 0;

  add(bitmap: Uint8Array): void {
    const chunk = new Uint8Array((bitmap.length + this.#carried) >> 3);
    let [byte, bit, at] = [this.#carry, this.#carried, 0];
    for (let i = 0; i < bitmap.length; i += 1) {
      byte |= (bitmap[i] & 1) << bit;
      bit += 1;
      if (bit === 8) {
        chunk[at++] = byte;
        [byte, bit] = [0, 0];
      }
    }
    this.#chunks.push(chunk);
    [this.#carry, this.#carried] = [byte, bit];
  }

  bytes(): Uint8Array {
    return Buffer.concat([
      ...this.#chunks,
      Buffer.of(this.#carry).subarray(0, this.#carried ? 1 : 0),
    ]);
  }
}
