/** Frames of another process ↔ bytes, and the credit that lets it send them. */
import { decode, fail, finite, fromBigInt, isAbsent, toBigInt, toId, wire } from './fields.js';
import type { IngestFrame } from './messages.js';

const MOST_SIDE_PX = 16384;

export function encodeIngestFrame({ id, captureNs, ...frame }: IngestFrame): Uint8Array {
  const stamps = { id, captureNs: captureNs === null ? null : fromBigInt(captureNs) };
  return wire.IngestFrame.encode({ ...frame, ...stamps }).finish();
}

/** @throws WireError; `data` is a view into `bytes` */
export function decodeIngestFrame(bytes: Uint8Array): IngestFrame {
  const { id, captureNs, widthPx, heightPx, channels, spacingMm, data } = decode(
    wire.IngestFrame,
    bytes,
  );
  const side = (value: number | null | undefined, name: string): number =>
    value && value >= 1 && value <= MOST_SIDE_PX
      ? value
      : fail(`\`${name}\` is ${value ?? 0}, expected 1 to ${MOST_SIDE_PX}`);
  const width = side(widthPx, 'width_px');
  const height = side(heightPx, 'height_px');
  if (channels !== 1 && channels !== 3 && channels !== 4) {
    return fail(`\`channels\` is ${channels ?? 0}, expected 1, 3 or 4`);
  }
  const expected = width * height * channels;
  if (data?.length !== expected) {
    return fail(`\`data\` holds ${data?.length ?? 0} bytes, expected ${expected}`);
  }
  return {
    id: isAbsent(id) ? null : toId(id, 'id'),
    captureNs: isAbsent(captureNs) ? null : toBigInt(captureNs),
    widthPx: width,
    heightPx: height,
    channels,
    spacingMm: spacingMm ? { x: positive(spacingMm.x), y: positive(spacingMm.y) } : null,
    data,
  };
}

function positive(value: number | null | undefined): number {
  const mm = finite(value, 'spacing_mm');
  return mm > 0 && mm <= 1000
    ? mm
    : fail(`\`spacing_mm\` is ${mm}, expected more than 0, up to 1000`);
}

export const encodeIngestCredit = (frames: number): Uint8Array =>
  wire.IngestCredit.encode({ frames }).finish();

/** @throws WireError */
export const decodeIngestCredit = (bytes: Uint8Array): number =>
  decode(wire.IngestCredit, bytes).frames ?? 0;
