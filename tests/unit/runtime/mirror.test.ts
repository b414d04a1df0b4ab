import { test } from 'tap';
import { mirrorFrame, mirrorMask, mirrorPrompts } from '../../../src/runtime/mirror.js';

test('the pixels of a row change places, the channels of a pixel do not', (t) => {
  const given = { data: Uint8Array.of(1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12), heightPx: 2 };
  t.same(
    mirrorFrame({ ...given, widthPx: 6, channels: 1 }).data,
    [6, 5, 4, 3, 2, 1, 12, 11, 10, 9, 8, 7],
  );
  t.same(
    mirrorFrame({ ...given, widthPx: 2, channels: 3 }).data,
    [4, 5, 6, 1, 2, 3, 10, 11, 12, 7, 8, 9],
  );
  t.end();
});

test('prompts and masks keep their rows and their labels', (t) => {
  const given = {
    points: Float32Array.of(1.5, 0.5, 1, 4, 1.5, 0),
    box: Float32Array.of(1, 0, 3, 2),
    previous: Uint8Array.of(1, 1, 0, 0, 0, 0, 0, 0, 0, 1),
    multimask: false,
  };
  const turned = mirrorPrompts(given, 5);
  t.same(turned, {
    points: Float32Array.of(3.5, 0.5, 1, 1, 1.5, 0),
    box: Float32Array.of(2, 0, 4, 2),
    previous: Uint8Array.of(0, 0, 0, 1, 1, 1, 0, 0, 0, 0),
    multimask: false,
  });
  t.same(mirrorPrompts(turned, 5), given);
  const none = { ...given, box: null, previous: null };
  t.same(mirrorPrompts(none, 5), { ...turned, box: null, previous: null });
  const mask = { bitmap: given.previous, areaPx: 3, score: 0.5 };
  t.same(mirrorMask({ ...mask, box: [0, 0, 2, 1] }, 5), {
    ...mask,
    bitmap: turned.previous,
    box: [3, 0, 5, 1],
  });
  t.equal(mirrorMask({ ...mask, box: null }, 5).box, null);
  t.end();
});
