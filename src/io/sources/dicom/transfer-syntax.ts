/** Transfer syntaxes that are read (PS3.5 section 10, annex A), by how their pixels are coded. */

export type Coding =
  'native' | 'native-big-endian' | 'rle' | 'jpeg' | 'jpeg-lossless' | 'jpeg-ls' | 'jpeg-2000';

const CODINGS: Readonly<Record<string, Coding>> = {
  '1.2.840.10008.1.2': 'native', // implicit VR little endian
  '1.2.840.10008.1.2.1': 'native', // explicit VR little endian
  '1.2.840.10008.1.2.2': 'native-big-endian',
  '1.2.840.10008.1.2.5': 'rle',
  '1.2.840.10008.1.2.4.50': 'jpeg', // baseline
  '1.2.840.10008.1.2.4.51': 'jpeg', // extended, of which 8 bits are read
  '1.2.840.10008.1.2.4.57': 'jpeg-lossless', // any predictor
  '1.2.840.10008.1.2.4.70': 'jpeg-lossless', // the first predictor
  '1.2.840.10008.1.2.4.80': 'jpeg-ls', // lossless
  '1.2.840.10008.1.2.4.81': 'jpeg-ls', // near-lossless
  '1.2.840.10008.1.2.4.90': 'jpeg-2000', // lossless
  '1.2.840.10008.1.2.4.91': 'jpeg-2000',
};

export const codingOf = (uid: string): Coding | null => CODINGS[uid] ?? null;
