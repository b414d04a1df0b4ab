/** The gray levels that the models read, as native/core/resize has them: u8[n, channels] from sample `at` on → `out` u8[n]. */
export function lumaOf(data: Uint8Array, at: number, channels: 3 | 4, out: Uint8Array): void {
  for (let x = 0, i = at; x < out.length; x++, i += channels) {
    const sum = 299 * data[i] + 587 * data[i + 1] + 114 * data[i + 2];
    out[x] = Math.floor((sum + 500) / 1000);
  }
}
