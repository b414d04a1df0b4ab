/** Distance transform and connected components of bitmaps u8[h, w] of 0 and 1. */

/** One pass of Felzenszwalb & Huttenlocher (2012): the lower envelope of the parabolas rooted at f[0 … n). */
function pass(f: Float64Array, n: number, out: Float64Array, v: Int32Array, z: Float64Array): void {
  let k = 0;
  v[0] = 0;
  z[0] = -Infinity;
  z[1] = Infinity;
  for (let q = 1; q < n; q++) {
    let s: number;
    do {
      const p = v[k];
      s = (f[q] + q * q - f[p] - p * p) / (2 * (q - p));
    } while (s <= z[k] && k-- > 0);
    v[++k] = q;
    z[k] = s;
    z[k + 1] = Infinity;
  }
  for (let q = 0, j = 0; q < n; q++) {
    while (z[j + 1] < q) j++;
    out[q] = (q - v[j]) ** 2 + f[v[j]];
  }
}

const FAR = 1e15; // finite, so that the envelope has no Infinity − Infinity

/**
 * Exact Euclidean distance (px, centre to centre) of each set pixel to the nearest unset one, 0 where unset. What lies
 * outside of the bitmap counts as unset.
 */
export function distanceTransform(bitmap: Uint8Array, w: number, h: number): Float64Array {
  const [pw, ph] = [w + 2, h + 2]; // a border of one unset pixel
  const n = Math.max(pw, ph);
  const squared = new Float64Array(pw * ph);
  for (let y = 0; y < h; y++) {
    for (let x = 0; x < w; x++) if (bitmap[y * w + x]) squared[(y + 1) * pw + x + 1] = FAR;
  }
  const [f, out, z] = [new Float64Array(n), new Float64Array(n), new Float64Array(n + 1)];
  const v = new Int32Array(n);
  for (let x = 0; x < pw; x++) {
    for (let y = 0; y < ph; y++) f[y] = squared[y * pw + x];
    pass(f, ph, out, v, z);
    for (let y = 0; y < ph; y++) squared[y * pw + x] = out[y];
  }
  const distance = new Float64Array(w * h);
  for (let y = 0; y < h; y++) {
    f.set(squared.subarray((y + 1) * pw, (y + 2) * pw));
    pass(f, pw, out, v, z);
    for (let x = 0; x < w; x++) distance[y * w + x] = Math.sqrt(out[x + 1]);
  }
  return distance;
}

/** 8-connected components of the set pixels: lists of pixel indices, in raster order of their first pixel. */
export function components(bitmap: Uint8Array, w: number, h: number): number[][] {
  const seen = new Uint8Array(w * h);
  const found: number[][] = [];
  for (let i = 0; i < bitmap.length; i++) {
    if (!bitmap[i] || seen[i]) continue;
    const pixels = [i];
    seen[i] = 1;
    for (let at = 0; at < pixels.length; at++) {
      const x = pixels[at] % w;
      const y = (pixels[at] - x) / w;
      for (let v = Math.max(y - 1, 0); v <= Math.min(y + 1, h - 1); v++) {
        for (let u = Math.max(x - 1, 0); u <= Math.min(x + 1, w - 1); u++) {
          const j = v * w + u;
          if (!bitmap[j] || seen[j]) continue;
          seen[j] = 1;
          pixels.push(j);
        }
      }
    }
    found.push(pixels);
  }
  return found;
}

/** The pixel of a component farthest from its border and not in `taken`; null when all of them are. */
export function innermost(
  pixels: readonly number[],
  w: number,
  taken: ReadonlySet<number>,
): number | null {
  let [x0, y0, x1, y1] = [Infinity, Infinity, 0, 0];
  for (const i of pixels) {
    const x = i % w;
    const y = (i - x) / w;
    [x0, x1] = [Math.min(x0, x), Math.max(x1, x)];
    [y0, y1] = [Math.min(y0, y), Math.max(y1, y)];
  }
  const cw = x1 - x0 + 1;
  const crop = new Uint8Array(cw * (y1 - y0 + 1));
  for (const i of pixels) crop[(Math.floor(i / w) - y0) * cw + (i % w) - x0] = 1;
  const distance = distanceTransform(crop, cw, y1 - y0 + 1);
  let best: number | null = null;
  let far = 0;
  for (let j = 0; j < distance.length; j++) {
    if (distance[j] <= far) continue;
    const i = (Math.floor(j / cw) + y0) * w + (j % cw) + x0;
    if (!taken.has(i)) [best, far] = [i, distance[j]];
  }
  return best;
}
