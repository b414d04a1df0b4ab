/** Images with known motion, and how far a flow is from it: what native/tests/core/dis_flow_test.cc measures with. */

export interface Size {
  width: number;
  height: number;
}

/** (x, y) → two numbers of that place. */
export type Place = (x: number, y: number) => readonly [number, number];

/** A texture that is known between the pixels too: waves in all directions, of 6 to 40 px. */
function texture(x: number, y: number): number {
  let sum = 0;
  for (let i = 0; i < 24; i++) {
    const angle = 2.4 * i;
    const length = 6 + 34 * ((0.618 * i) % 1);
    const along = Math.cos(angle) * x + Math.sin(angle) * y;
    sum += Math.sin((2 * Math.PI * along) / length + 1.7 * i);
  }
  return 128 + 22 * sum;
}

/** Gray u8[h, w]; pixel (x, y) shows the texture at `place(x, y)`. */
export function rendered({ width, height }: Size, place: Place): Uint8Array {
  return Uint8Array.from({ length: width * height }, (_, i) => {
    const gray = texture(...place(i % width, Math.floor(i / width)));
    return Math.min(Math.max(Math.floor(gray + 0.5), 0), 255);
  });
}

/** The texture moved by (dx, dy) px. */
export const shifted = (size: Size, dx: number, dy: number): Uint8Array =>
  rendered(size, (x, y) => [x - dx, y - dy]);

/** Mean end-point error of f32[h, w, 2] in px against `truth`, from `border` px off the border on. */
export function endPointError(
  { width, height }: Size,
  flowXy: Float32Array,
  border: number,
  truth: Place,
): number {
  let [sum, count] = [0, 0];
  for (let y = border; y < height - border; y++) {
    for (let x = border; x < width - border; x++) {
      const [u, v] = truth(x, y);
      const i = 2 * (y * width + x);
      sum += Math.hypot(flowXy[i] - u, flowXy[i + 1] - v);
      count += 1;
    }
  }
  return sum / count;
}
