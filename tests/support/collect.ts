import type { Frame, FrameSource } from '../../src/sdk/types.js';

/** The frames of a source, at most `limit`. */
export async function collect(source: FrameSource, limit = Infinity): Promise<Frame[]> {
  const frames: Frame[] = [];
  for await (const frame of source) {
    frames.push(frame);
    if (frames.length >= limit) break;
  }
  return frames;
}
