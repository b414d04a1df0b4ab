/** RLE Lossless (PS3.5 annex G): PackBits segments, one per byte of a sample and per component, most significant first. */

const HEADER_BYTES = 64;

/**
 * Decodes one frame to little-endian samples, component after component (planar).
 * @param bytesPerSample 1 or 2
 * @throws Error when the segments are not those of such a frame
 */
export function decodeRle(
  data: Uint8Array,
  pixels: number,
  components: number,
  bytesPerSample: number,
): Uint8Array {
  const view = new DataView(data.buffer, data.byteOffset, data.byteLength);
  if (data.length < HEADER_BYTES) throw new Error(`an RLE frame of ${data.length} bytes`);
  const segments = view.getUint32(0, true);
  if (segments !== components * bytesPerSample) {
    throw new Error(`${segments} RLE segments for ${components} × ${bytesPerSample} bytes`);
  }
  const out = new Uint8Array(pixels * segments);
  for (let segment = 0; segment < segments; segment += 1) {
    const start = view.getUint32(4 + 4 * segment, true);
    const end = segment + 1 < segments ? view.getUint32(8 + 4 * segment, true) : data.length;
    if (start < HEADER_BYTES || end > data.length || start > end) {
      throw new Error(`RLE segment ${segment} lies outside of its frame`);
    }
    const component = Math.floor(segment / bytesPerSample);
    const significance = bytesPerSample - 1 - (segment % bytesPerSample);
    const first = component * pixels * bytesPerSample + significance;
    unpackBits(data.subarray(start, end), out, first, bytesPerSample, pixels);
  }
  return out;
}

/** Writes `count` bytes to `out` from `at` on, `step` apart. */
function unpackBits(
  packed: Uint8Array,
  out: Uint8Array,
  at: number,
  step: number,
  count: number,
): void {
  let [from, done] = [0, 0];
  while (done < count) {
    if (from >= packed.length)
      throw new Error(`an RLE segment ends after ${done} of ${count} bytes`);
    const control = packed[from++];
    if (control === 128) continue; // no operation
    const repeated = control > 128;
    const length = Math.min(repeated ? 257 - control : control + 1, count - done);
    if (from + (repeated ? 1 : length) > packed.length) {
      throw new Error(`an RLE segment ends after ${done} of ${count} bytes`);
    }
    for (let i = 0; i < length; i += 1)
      out[at + (done + i) * step] = packed[repeated ? from : from + i];
    from += repeated ? 1 : length;
    done += length;
  }
}
