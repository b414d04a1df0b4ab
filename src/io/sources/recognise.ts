/** What a file is by its first bytes, whatever its name says. */
import { open } from 'node:fs/promises';
import { constants, gunzipSync } from 'node:zlib';

/** `image` PNG, JPEG or TIFF; `video` what ffmpeg reads; `unreadable` a known kind that no source reads. */
export type FileFormat = 'image' | 'nifti' | 'metaimage' | 'dicom' | 'video' | 'unreadable';

export interface FileKind {
  /** For people, for instance 'PNG' or 'NIfTI'. */
  name: string;
  format: FileFormat;
  /** Whether the file lies in a gzip wrapper. */
  gzip: boolean;
}

type Signature = readonly [name: string, format: FileFormat, offset: number, text: string];

/** Bytes as Latin-1 text. */
const SIGNATURES: readonly Signature[] = [
  ['PNG', 'image', 0, '\x89PNG\r\n\x1a\n'],
  ['JPEG', 'image', 0, '\xff\xd8\xff'],
  ['TIFF', 'image', 0, 'II*\0'],
  ['TIFF', 'image', 0, 'MM\0*'],
  ['NIfTI', 'nifti', 344, 'n+1\0'],
  ['NIfTI', 'nifti', 344, 'ni1\0'],
  ['NIfTI', 'nifti', 4, 'n+2\0\r\n\x1a\n'],
  ['NIfTI', 'nifti', 4, 'ni2\0\r\n\x1a\n'],
  ['DICOM', 'dicom', 128, 'DICM'],
  ['MP4', 'video', 4, 'ftyp'],
  ['QuickTime', 'video', 4, 'moov'],
  ['QuickTime', 'video', 4, 'mdat'],
  ['AVI', 'video', 8, 'AVI '],
  ['Matroska', 'video', 0, '\x1aE\xdf\xa3'],
  ['Windows Media', 'video', 0, '\x30\x26\xb2\x75'],
  ['MPEG', 'video', 0, '\0\0\x01\xba'],
  ['Ogg', 'video', 0, 'OggS'],
  ['NUT', 'video', 0, 'nut/multimedia container\0'],
  ['GIF', 'video', 0, 'GIF8'],
  ['WebP', 'unreadable', 8, 'WEBP'],
  ['BMP', 'unreadable', 0, 'BM'],
];

/** A MetaImage header is text that begins with one of its keys. */
const METAIMAGE = /^(ObjectType|NDims|Comment|AnatomicalOrientation|DimSize)\s*=/;

const HEAD_BYTES = 512;
/** Enough compressed bytes for a head of `HEAD_BYTES`, even where they do not compress. */
const GZIP_HEAD_BYTES = 2048;

/** Null when the kind is unknown. @throws what opening the file throws */
export async function recognise(path: string): Promise<FileKind | null> {
  const file = await open(path, 'r');
  try {
    const buffer = new Uint8Array(GZIP_HEAD_BYTES);
    const { bytesRead } = await file.read(buffer, 0, buffer.length, 0);
    return kindOf(buffer.subarray(0, bytesRead));
  } finally {
    await file.close();
  }
}

/** For a message: 'a DICOM file', 'a file of an unknown kind'. */
export function describeKind(kind: FileKind | null): string {
  if (!kind) return 'a file of an unknown kind';
  return `a ${kind.gzip && kind.name !== 'gzip' ? 'gzipped ' : ''}${kind.name} file`;
}

function kindOf(bytes: Uint8Array): FileKind | null {
  if (bytes[0] !== 0x1f || bytes[1] !== 0x8b) return plainKindOf(bytes, false);
  return plainKindOf(gunzipHead(bytes), true) ?? { name: 'gzip', format: 'unreadable', gzip: true };
}

function plainKindOf(bytes: Uint8Array, gzip: boolean): FileKind | null {
  const head = Buffer.from(bytes.subarray(0, HEAD_BYTES)).toString('latin1');
  for (const [name, format, offset, text] of SIGNATURES) {
    if (head.startsWith(text, offset)) return { name, format, gzip };
  }
  return METAIMAGE.test(head) ? { name: 'MetaImage', format: 'metaimage', gzip } : null;
}

/** The first bytes inside of a gzip file; none when it is damaged. */
function gunzipHead(bytes: Uint8Array): Uint8Array {
  try {
    // The input is cut: what has come out until then is wanted, not the error that it ends early.
    const whole = gunzipSync(bytes, {
      finishFlush: constants.Z_SYNC_FLUSH,
      maxOutputLength: 1 << 22,
    });
    return whole.subarray(0, HEAD_BYTES);
  } catch {
    return new Uint8Array();
  }
}
