import sharp from 'sharp';
import { test } from 'tap';
import type { LiveResult } from '../../../src/live/types.js';
import { Mask } from '../../../src/sdk/mask.js';
import type { Frame } from '../../../src/sdk/types.js';
import { encodeResult, FrameEncoder } from '../../../src/server/encoder.js';
import { decodeServerMessage } from '../../../src/wire/codec.js';
import type { LiveFrame, PictureFormat } from '../../../src/wire/messages.js';

function result(pixels: Frame, id = 7): LiveResult {
  const { widthPx, heightPx } = pixels;
  const bitmap = new Uint8Array(widthPx * heightPx);
  bitmap[1] = 1;
  const mask = Mask.fromBitmap(bitmap, widthPx, heightPx);
  return {
    frame: { id, captureNs: 2n ** 60n, widthPx, heightPx, spacingMm: null },
    pixels,
    objects: [{ id: 2, mask, quality: 0.5, status: 'ask' }],
    timings: null,
    revised: false,
  };
}

async function encoded(pixels: Frame, format: PictureFormat): Promise<LiveFrame> {
  const message = decodeServerMessage(await encodeResult(result(pixels), format));
  if (message.type !== 'frame') throw new Error('not a frame');
  return message.frame;
}

const gray: Frame = { data: Uint8Array.of(10, 20, 30, 40), widthPx: 2, heightPx: 2, channels: 1 };

test('gray8 carries a gray frame as it is, with its objects', async (t) => {
  const { picture, ...frame } = await encoded(gray, 'gray8');
  t.same([...picture], [10, 20, 30, 40]);
  t.same(frame, {
    id: 7,
    captureNs: 2n ** 60n,
    widthPx: 2,
    heightPx: 2,
    spacingMm: null,
    format: 'gray8',
    revised: false,
    timings: null,
    objects: [
      {
        id: 2,
        status: 'ask',
        quality: 0.5,
        areaPx: 1,
        areaMm2: null,
        box: [1, 0, 2, 1],
        rle: [2, 1, 1],
      },
    ],
  });
});

test('gray8 turns colour to luma, and none sends masks alone', async (t) => {
  const data = Uint8Array.of(255, 0, 0, 255, 0, 255, 0, 255, 0, 0, 255, 255, 255, 255, 255, 255);
  const colour: Frame = { data, widthPx: 2, heightPx: 2, channels: 4 };
  t.same([...(await encoded(colour, 'gray8')).picture], [76, 150, 29, 255]);
  const { picture, objects } = await encoded(colour, 'none');
  t.equal(picture.length, 0);
  t.equal(objects.length, 1);
});

test('jpeg carries colour without alpha', async (t) => {
  const data = new Uint8Array(16 * 16 * 4).fill(200);
  const { picture } = await encoded({ data, widthPx: 16, heightPx: 16, channels: 4 }, 'jpeg');
  t.match(await sharp(picture).metadata(), { format: 'jpeg', width: 16, height: 16, channels: 3 });
});

test('jpeg carries gray as gray', async (t) => {
  const data = Uint8Array.from({ length: 64 * 48 }, (_, i) => (i % 64) * 4);
  const { picture } = await encoded({ data, widthPx: 64, heightPx: 48, channels: 1 }, 'jpeg');
  t.match(await sharp(picture).metadata(), { format: 'jpeg', channels: 1, space: 'b-w' });
  const decoded = await sharp(picture).toColourspace('b-w').raw().toBuffer();
  const worst = data.reduce((most, value, i) => Math.max(most, Math.abs(value - decoded[i])), 0);
  t.ok(worst <= 4, `a ramp comes back within ${worst} gray levels`);
});

test('while one result is encoded the newest of the others waits, and the rest are drops', async (t) => {
  const ids: number[] = [];
  let drops = 0;
  await new Promise<void>((resolve) => {
    const encoder = new FrameEncoder(
      'gray8',
      (bytes) => {
        const message = decodeServerMessage(bytes);
        if (message.type === 'frame') ids.push(message.frame.id);
        if (ids.length === 2) resolve();
      },
      () => void (drops += 1),
    );
    for (const id of [1, 2, 3, 4]) encoder.offer(result(gray, id));
  });
  t.same(ids, [1, 4]);
  t.equal(drops, 2);
});
