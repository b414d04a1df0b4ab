import { test } from 'tap';
import { decodeJpegLossless } from '../../../../../src/io/sources/dicom/jpeg-lossless.js';
import { decodeRle } from '../../../../../src/io/sources/dicom/rle.js';
import {
  jpegHeader,
  jpeg2000Header,
  withColourTransform,
} from '../../../../../src/io/sources/dicom/stream-header.js';
import {
  LOSSLESS_JPEG,
  LOSSLESS_PIXELS,
  LOSSLESS_SIZE,
} from '../../../../support/jpeg-lossless.js';

test('lossless JPEG of three components, whose differences wrap round, by predictors 5 and 7', async (t) => {
  for (const stream of LOSSLESS_JPEG) {
    t.same([...decodeJpegLossless(stream)], LOSSLESS_PIXELS);
    t.match(jpegHeader(stream), { ...LOSSLESS_SIZE, components: 3, bits: 8, jfif: false });
  }
});

test('a lossless JPEG that is cut says so', async (t) => {
  const [stream] = LOSSLESS_JPEG;
  t.throws(() => decodeJpegLossless(stream.subarray(0, stream.length - 12)), /ends early/);
  t.throws(() => decodeJpegLossless(Buffer.from([0xff, 0xd8, 0xff, 0xd9])), /without a lossless/);
});

test('RLE: literal and repeated runs, each component apart', async (t) => {
  const head = Buffer.alloc(64);
  [2, 64, 68].forEach((value, i) => head.writeUInt32LE(value, 4 * i));
  const bytes = Buffer.concat([head, Buffer.from([0, 7, 254, 9, 128, 3, 1, 2, 3, 4])]);
  t.same([...decodeRle(bytes, 4, 2, 1)], [7, 9, 9, 9, 1, 2, 3, 4]);
  t.throws(() => decodeRle(bytes, 5, 2, 1), /ends after 4 of 5 bytes/);
  t.throws(() => decodeRle(bytes, 4, 3, 1), /2 RLE segments for 3/);
});

test('one statement of colour takes the place of JFIF and Adobe markers', async (t) => {
  const jfif = [0xff, 0xe0, 0, 6, ...Buffer.from('JFIF')];
  const adobe = [0xff, 0xee, 0, 7, ...Buffer.from('Adobe')];
  const frame = [0xff, 0xc0, 0, 17, 8, 0, 2, 0, 3, 3, 1, 0x22, 0, 2, 0x11, 1, 3, 0x11, 1];
  const stream = Buffer.from([0xff, 0xd8, ...jfif, ...adobe, ...frame, 1, 2, 3]);
  t.match(jpegHeader(stream), { widthPx: 3, heightPx: 2, jfif: true, componentIds: [1, 2, 3] });
  const changed = withColourTransform(stream, true);
  t.equal(jpegHeader(changed).jfif, false);
  t.equal(changed[17], 1, 'the transform of the marker that took their place');
  t.same([...changed.subarray(18)], [...frame, 1, 2, 3]);
});

test('a JPEG 2000 stream states its own size', async (t) => {
  const siz = Buffer.alloc(45);
  siz.set([0xff, 0x4f, 0xff, 0x51]);
  [40, 30, 8, 6, 64, 64].forEach((value, i) => siz.writeUInt32BE(value, 8 + 4 * i));
  siz.writeUInt16BE(3, 40);
  siz[42] = 7;
  t.match(jpeg2000Header(siz), { widthPx: 32, heightPx: 24, components: 3, bits: 8 });
  t.throws(() => jpeg2000Header(siz.subarray(0, 20)), /without a SIZ/);
});
