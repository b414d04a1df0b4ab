/**
 * The viewer's wire format, all of it: docs/reference/stream.md describes it.
 *
 * To the viewer, binary: u32 little-endian length n, n bytes of JSON (`FrameHeader`), then the picture. To the viewer, text:
 * JSON of `ServerMessage`. From the viewer, text: JSON of `ViewerMessage`.
 */
import sharp from 'sharp';
import { checkInteger, checkNumber, checkObject, checkOneOf } from '../runtime/validate.js';
import type { Box, SpacingMm, Timings, TrackStatus } from '../sdk/types.js';
import type { Click, LatencyReport, LiveResult, SessionNotice } from '../live/types.js';

export const STREAM_VERSION = 1;

export interface WireObject {
  id: number;
  quality: number;
  status: TrackStatus;
  areaPx: number;
  areaMm2: number | null;
  box: Box | null;
  /** COCO order (column-major), beginning with the run of 0. */
  rle: { size: [h: number, w: number]; counts: number[] };
}

export interface FrameHeader {
  version: typeof STREAM_VERSION;
  type: 'frame';
  id: number;
  /** Decimal digits: the clock is too fine for a JSON number. */
  captureNs: string;
  widthPx: number;
  heightPx: number;
  spacingMm: SpacingMm | null;
  /** How the picture after the header is encoded. */
  format: 'gray8' | 'jpeg';
  revised: boolean;
  timings: Timings | null;
  objects: WireObject[];
}

export type ServerMessage =
  | { type: 'hello'; version: typeof STREAM_VERSION; device: unknown; source: unknown }
  | ({ type: 'latency'; viewerDrops: number } & LatencyReport)
  | { type: 'notice'; notice: SessionNotice }
  | { type: 'clicked'; ref: number | null; objectId: number; frameId: number }
  | { type: 'removed'; ref: number | null; objectId: number }
  | { type: 'refused'; ref: number | null; code: string; message: string };

export type ViewerMessage =
  | { type: 'click'; click: Click; ref: number | null }
  | { type: 'remove'; objectId: number; ref: number | null }
  | { type: 'shown'; count: number };

/** Quality of the pictures of colour sources; gray ones go uncompressed, which a loopback has room for. */
const JPEG_QUALITY = 85;

/** A result as one binary message. */
export async function encodeResult(result: LiveResult): Promise<Uint8Array> {
  const { frame, pixels, objects, timings, revised } = result;
  const isGray = pixels.channels === 1;
  const picture = isGray ? pixels.data : await encodeJpeg(result);
  const header: FrameHeader = {
    version: STREAM_VERSION,
    type: 'frame',
    id: frame.id,
    captureNs: frame.captureNs.toString(),
    widthPx: frame.widthPx,
    heightPx: frame.heightPx,
    spacingMm: frame.spacingMm,
    format: isGray ? 'gray8' : 'jpeg',
    revised,
    timings,
    objects: objects.map(({ id, mask, quality, status }) => ({
      id,
      quality,
      status,
      areaPx: mask.areaPx,
      areaMm2: mask.areaMm2,
      box: mask.box,
      rle: mask.rle(),
    })),
  };
  const json = Buffer.from(JSON.stringify(header));
  const message = new Uint8Array(4 + json.length + picture.length);
  new DataView(message.buffer).setUint32(0, json.length, true);
  message.set(json, 4);
  message.set(picture, 4 + json.length);
  return message;
}

async function encodeJpeg({ pixels }: LiveResult): Promise<Uint8Array> {
  const { data, widthPx: width, heightPx: height, channels } = pixels;
  return sharp(data, { raw: { width, height, channels } })
    .removeAlpha()
    .jpeg({ quality: JPEG_QUALITY })
    .toBuffer();
}

/** Takes a binary message apart. @throws RangeError when it is cut off */
export function decodeResult(message: Uint8Array): { header: FrameHeader; picture: Uint8Array } {
  const view = new DataView(message.buffer, message.byteOffset, message.byteLength);
  const length = message.byteLength < 4 ? Infinity : view.getUint32(0, true);
  if (4 + length > message.byteLength) {
    throw new RangeError(
      `expected a whole message but received ${message.byteLength} bytes (object)`,
    );
  }
  const json = Buffer.from(message.buffer, message.byteOffset + 4, length).toString('utf8');
  return { header: JSON.parse(json) as FrameHeader, picture: message.subarray(4 + length) };
}

export function encodeMessage(message: ServerMessage): string {
  return JSON.stringify(message);
}

/**
 * Reads what a viewer sent.
 * @throws TypeError, RangeError for anything but a well-formed message
 */
export function decodeViewerMessage(text: string): ViewerMessage {
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch {
    throw new TypeError('expected JSON for `message` but received other text (string)');
  }
  const names = ['type', 'ref', 'frameId', 'x', 'y', 'label', 'objectId', 'count'];
  const given = checkObject(parsed, 'message', names);
  const type = checkOneOf(given.type, 'type', ['click', 'remove', 'shown']);
  if (type === 'shown') return { type, count: checkInteger(given.count, 'count', IDS) };
  const ref = given.ref === undefined ? null : checkInteger(given.ref, 'ref', IDS);
  if (type === 'remove') {
    return { type, ref, objectId: checkInteger(given.objectId, 'objectId', IDS) };
  }
  const click: Click = {
    frameId: checkInteger(given.frameId, 'frameId', IDS),
    x: checkNumber(given.x, 'x', [0, MOST_PX]),
    y: checkNumber(given.y, 'y', [0, MOST_PX]),
    label: checkInteger(given.label, 'label', [0, 1]) as 0 | 1,
  };
  if (given.objectId === null) click.objectId = null;
  else if (given.objectId !== undefined) {
    click.objectId = checkInteger(given.objectId, 'objectId', IDS);
  }
  return { type, ref, click };
}

const IDS = [0, Number.MAX_SAFE_INTEGER] as const;
const MOST_PX = 16384;
