import { test } from 'tap';
import {
  channelsOf,
  fillBackground,
  withObject,
  withoutObject,
} from '../../../../src/runtime/fallback/channels.js';

const rounded = (values: Float32Array): number[] =>
  [...values].map((v) => Math.round(v * 100) / 100);

test('the background has what the objects leave, and overlaps are shared', async (t) => {
  const masks = channelsOf(
    new Map([
      [1, Uint8Array.of(0, 51, 255)],
      [2, Uint8Array.of(0, 102, 255)],
    ]),
    4,
    3,
  );
  t.same(rounded(masks), [1, 0.4, 0, 0, 0.2, 0.5, 0, 0.4, 0.5, 0, 0, 0]);
});

test('a replaced object takes its share and leaves its old one to the background', async (t) => {
  const masks = Float32Array.of(0, 0.5, 0.6, 0, 0.4, 0.5); // channels 0, 1, 2 of two cells
  t.same(rounded(withObject(masks, 1, Uint8Array.of(0, 255), 2)), [0.6, 0, 0, 1, 0.4, 0]);
  t.same(rounded(masks), [0, 0.5, 0.6, 0, 0.4, 0.5], 'the input is left as it is');
});

test('a removed object belongs to the background', async (t) => {
  t.same(rounded(withoutObject(Float32Array.of(0.1, 0.5, 0.4), 1, 1)), [0.6, 0, 0.4]);
});

test('the background becomes what is left, and sums above 1 are shared', async (t) => {
  const masks = Float32Array.of(9, 9, 0, 0.9, 0.25, 0.9); // channels 0, 1, 2 of two cells
  fillBackground(masks, 2);
  t.same(rounded(masks), [0.75, 0, 0, 0.5, 0.25, 0.5]);
});
