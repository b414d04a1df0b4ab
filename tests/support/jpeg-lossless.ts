/** A picture of known values, coded by dcmtk as lossless JPEG with predictors 5 and 7. */

export const LOSSLESS_SIZE = { widthPx: 5, heightPx: 4 };

/** u8[4, 5, 3]. */
export const LOSSLESS_PIXELS = Array.from({ length: 60 }, (_, i) => (i * 37) % 256);

export const LOSSLESS_JPEG = [
  '/9j/wwARCAAEAAUDABEAAREAAhEA/8QAFgABAQEAAAAAAAAAAAAAAAAABgcI/9oADAMAAAEAAgAFAADP8kE2+32+35uzdm632+32/NytWrcOHGN5vN9cOHDjG83Vq1bhxjebzfXDhw4xvN5urVq3GN5vN9cOHDjG83m+uP/Z',
  '/9j/wwARCAAEAAUDABEAAREAAhEA/8QAFgABAQEAAAAAAAAAAAAAAAAABwYI/9oADAMAAAEAAgAHAADP5JEt7e3t+bs3Zub29vb83VdXVpqam5MjIxNTU1NyZGVdXVpqbkyMjE1NTU3JkZGVdXVpuTIyMTU1NTcmRkYm/wD//9k=',
].map((text) => Buffer.from(text, 'base64'));
