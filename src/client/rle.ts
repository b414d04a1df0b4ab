/** COCO run lengths (column-major, beginning with the run of 0) → u8[heightPx, widthPx] of 0 and 1, row-major. */
export function decodeRle(
  counts: readonly number[],
  widthPx: number,
  heightPx: number,
): Uint8Array<ArrayBuffer> {
  const bitmap = new Uint8Array(widthPx * heightPx);
  let at = 0;
  counts.forEach((count, run) => {
    const end = Math.min(at + count, bitmap.length);
    for (let i = at; run % 2 === 1 && i < end; i += 1) {
      bitmap[(i % heightPx) * widthPx + Math.floor(i / heightPx)] = 1;
    }
    at = end;
  });
  return bitmap;
}
