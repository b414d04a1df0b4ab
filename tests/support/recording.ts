import { IndexedSource } from '../../src/io/sources/indexed.js';

/** A source of `frames` gray frames whose pixels all hold their index. */
export function recording(frames: number, widthPx: number, heightPx: number): IndexedSource {
  const info = {
    kind: 'test',
    frames,
    widthPx,
    heightPx,
    channels: 1 as const,
    frameRateHz: null,
    spacingMm: null,
    regions: [],
    modality: null,
  };
  const read = (index: number) => ({
    data: new Uint8Array(widthPx * heightPx).fill(index),
    widthPx,
    heightPx,
    channels: 1 as const,
  });
  return new IndexedSource(info, read, { realtime: false, loop: false });
}
