/** Frames, prompts and masks as a mirror beside them shows them: left is right. Twice gives back what was there. */
import type { EngineFrame, EngineMask, EnginePrompts } from './engine.js';

/** A mirrored copy. */
export function mirrorFrame({ data, widthPx, heightPx, channels }: EngineFrame): EngineFrame {
  const out = new Uint8Array(data.length);
  for (let y = 0; y < heightPx; y++) {
    for (let x = 0; x < widthPx; x++) {
      const from = (y * widthPx + x) * channels;
      const to = (y * widthPx + widthPx - 1 - x) * channels;
      for (let c = 0; c < channels; c++) out[to + c] = data[from + c];
    }
  }
  return { data: out, widthPx, heightPx, channels };
}

/** The prompts on a mirrored frame of `widthPx`. */
export function mirrorPrompts(prompts: EnginePrompts, widthPx: number): EnginePrompts {
  const { points, box, previous } = prompts;
  return {
    ...prompts,
    points: points.map((value, i) => (i % 3 ? value : widthPx - value)),
    box: box && Float32Array.of(widthPx - box[2], box[1], widthPx - box[0], box[3]),
    previous: previous && mirrorBitmap(previous, widthPx),
  };
}

/** The mask on a mirrored frame of `widthPx`. */
export function mirrorMask(mask: EngineMask, widthPx: number): EngineMask {
  const { bitmap, box } = mask;
  return {
    ...mask,
    bitmap: mirrorBitmap(bitmap, widthPx),
    box: box && [widthPx - box[2], box[1], widthPx - box[0], box[3]],
  };
}

function mirrorBitmap(data: Uint8Array, widthPx: number): Uint8Array {
  return mirrorFrame({ data, widthPx, heightPx: data.length / widthPx, channels: 1 }).data;
}
