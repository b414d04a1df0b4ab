/** The data set in front of the pixels, read from the first bytes of a file only. */
import dicomParser, { type DataSet } from 'dicom-parser';
import { damaged, reasonOf, type RandomAccessFile } from '../random-access.js';

const PIXEL_DATA = 'x7fe00010';
/** Headers are small; one with long overlays or look-up tables may need more. */
const FIRST_BYTES = 256 * 2 ** 10;
const MOST_BYTES = 64 * 2 ** 20;

export interface DicomHeader {
  dataSet: DataSet;
  transferSyntax: string;
  pixels: {
    /** Where the value begins in the file. */
    offset: number;
    /** Null when it is a sequence of fragments (encapsulated). */
    length: number | null;
    vr: string | null;
  };
}

/** @throws SonotrackError SOURCE_INVALID when the data set is damaged or holds no picture */
export async function readDicomHeader(file: RandomAccessFile): Promise<DicomHeader> {
  const most = Math.min(file.sizeBytes, MOST_BYTES);
  for (let length = Math.min(FIRST_BYTES, most); ; length = Math.min(4 * length, most)) {
    const bytes = await file.read(0, length);
    try {
      // The cut end of the bytes makes errors too, which more bytes cure.
      const dataSet = dicomParser.parseDicom(bytes, { untilTag: PIXEL_DATA });
      const element = dataSet.elements[PIXEL_DATA];
      if (element) {
        return {
          dataSet,
          transferSyntax: dataSet.string('x00020010') ?? '',
          pixels: {
            offset: element.dataOffset,
            length: element.hadUndefinedLength ? null : element.length,
            vr: element.vr ?? null,
          },
        };
      }
      if (length === most) throw new Error('it holds no picture');
    } catch (cause) {
      if (length === most) throw damaged(file.path, reasonOf(cause), cause);
    }
  }
}

/** A decimal or integer string (DS, IS); null when absent or not a number. */
export function decimal(dataSet: DataSet, tag: string): number | null {
  const value = dataSet.floatString(tag);
  return value !== undefined && Number.isFinite(value) ? value : null;
}

/** All values of a DS element; empty when absent or when one is not a number. */
export function decimals(dataSet: DataSet, tag: string): number[] {
  const values = (dataSet.string(tag) ?? '').split('\\').map(Number);
  return dataSet.string(tag) && values.every(Number.isFinite) ? values : [];
}
