/** Images with known motion, and how far a flow is from it: what native/tests/core measures flows with. */

export interface Size {
  width: number;
  height: number;
}

/** (x, y) → two numbers of that place. */
export type Place = (x: number, y: number) => readonly [number, number];

/** A texture of mean 0 that is known between the pixels too: waves in all directions, of 6 to 40 px; others for each `seed`. */
export function texture(x: number, y: number, seed = 0): number {
  let sum = 0;
  for (let i = 0; i < 24; i++) {
    const angle = 2.4 * (i + 31 * seed);
    const length = 6 + 34 * ((0.618 * (i + 7 * seed)) % 1);
    const along = Math.cos(angle) * x + Math.sin(angle) * y;
    sum += Math.sin((2 * Math.PI * along) / length + 1.7 * i);
  }
  return 22 * sum;
}

/** Gray u8[h, w]: 128 and what `contrast` says of each pixel. */
export const drawn = (
  { width, height }: Size,
  contrast: (x: number, y: number) => number,
): Uint8Array =>
  Uint8Array.from({ length: width * height }, (_, i) => {
    const gray = 128 + contrast(i % width, Math.floor(i / width));
    return Math.min(Math.max(Math.floor(gray + 0.5), 0), 255);
  });

/** Pixel (x, y) shows the texture at `place(x, y)`. */
export const rendered = (size: Size, place: Place): Uint8Array =>
  drawn(size, (x, y) => texture(...place(x, y)));

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
