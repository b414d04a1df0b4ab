import sharp from 'sharp';
import { test } from 'tap';
import type { LiveResult } from '../../../src/live/types.js';
import { Mask } from '../../../src/sdk/mask.js';
import type { Frame } from '../../../src/sdk/types.js';
import { decodeResult, decodeViewerMessage, encodeResult } from '../../../src/server/codec.js';

function result(pixels: Frame): LiveResult {
  const { widthPx, heightPx } = pixels;
  const meta = { id: 7, captureNs: 2n ** 60n, widthPx, heightPx, spacingMm: null };
  const bitmap = new Uint8Array(widthPx * heightPx);
  bitmap[1] = 1;
  const mask = Mask.fromBitmap(bitmap, widthPx, heightPx);
  return {
    frame: meta,
    pixels,
    objects: [{ id: 2, mask, quality: 0.5, status: 'ask' }],
    timings: null,
    revised: false,
  };
}

test('a gray frame goes as it is, with its objects in the header', async (t) => {
  const data = Uint8Array.of(10, 20, 30, 40);
  const message = await encodeResult(result({ data, widthPx: 2, heightPx: 2, channels: 1 }));
  // As it comes from a socket: a view at an odd offset of a larger buffer.
  const padded = new Uint8Array(message.length + 5);
  padded.set(message, 3);
  const { header, picture } = decodeResult(padded.subarray(3, 3 + message.length));
  t.same([...picture], [10, 20, 30, 40]);
  t.same(header, {
    version: 1,
    type: 'frame',
    id: 7,
    captureNs: '1152921504606846976',
    widthPx: 2,
    heightPx: 2,
    spacingMm: null,
    format: 'gray8',
    revised: false,
    timings: null,
    objects: [
      {
        id: 2,
        quality: 0.5,
        status: 'ask',
        areaPx: 1,
        areaMm2: null,
        box: [1, 0, 2, 1],
        rle: { size: [2, 2], counts: [2, 1, 1] },
      },
    ],
  });
});

test('a colour frame goes as JPEG, without alpha', async (t) => {
  const data = new Uint8Array(16 * 16 * 4).fill(200);
  const message = await encodeResult(result({ data, widthPx: 16, heightPx: 16, channels: 4 }));
  const { header, picture } = decodeResult(message);
  t.equal(header.format, 'jpeg');
  t.match(await sharp(picture).metadata(), { format: 'jpeg', width: 16, height: 16, channels: 3 });
});

test('a message that is cut off is refused', async (t) => {
  t.throws(() => decodeResult(Uint8Array.of(9, 0, 0)), { name: 'RangeError' });
  t.throws(() => decodeResult(Uint8Array.of(9, 0, 0, 0, 123)), { name: 'RangeError' });
});

test('clicks and removals are read with their optional members', async (t) => {
  const click = { type: 'click', frameId: 3, x: 1.5, y: 2, label: 0 };
  t.same(decodeViewerMessage(JSON.stringify(click)), {
    type: 'click',
    ref: null,
    click: { frameId: 3, x: 1.5, y: 2, label: 0 },
  });
  t.same(decodeViewerMessage(JSON.stringify({ ...click, objectId: null, ref: 4 })), {
    type: 'click',
    ref: 4,
    click: { frameId: 3, x: 1.5, y: 2, label: 0, objectId: null },
  });
  t.same(decodeViewerMessage('{"type":"remove","objectId":2}'), {
    type: 'remove',
    ref: null,
    objectId: 2,
  });
  t.same(decodeViewerMessage('{"type":"shown","count":8}'), { type: 'shown', count: 8 });
});

test('anything but a well-formed message from a viewer is refused by name', async (t) => {
  const bad: [string, RegExp][] = [
    ['', /JSON/],
    ['[]', /`message`/],
    ['{"type":"clik"}', /did you mean 'click'/],
    ['{"type":"click"}', /`frameId`/],
    ['{"type":"click","frameId":1,"x":-1,"y":0,"label":1}', /`x`/],
    ['{"type":"click","frameId":1,"x":0,"y":1e999,"label":1}', /`y`/],
    ['{"type":"click","frameId":1,"x":0,"y":0,"label":2}', /`label`/],
    ['{"type":"click","frameId":1,"x":0,"y":0,"label":1,"objectId":"1"}', /`objectId`/],
    ['{"type":"remove"}', /`objectId`/],
    ['{"type":"remove","objectId":1,"also":1}', /`also`/],
  ];
  for (const [text, message] of bad) t.throws(() => decodeViewerMessage(text), { message }, text);
});
