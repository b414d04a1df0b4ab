/** The message of `sonotrack/v1/{device}/masks` (proto/telemetry.proto), and how it is kept within its size budget. */
import { join } from 'node:path';
import protobuf from 'protobufjs';
import { packageRoot } from '../runtime/package-info.js';
import type { FrameMeta, TrackedObject, TrackStatus } from '../sdk/types.js';
import { simplifyRing } from './simplify.js';

export interface MaskFrame {
  frameId: number;
  /** Wall clock at capture, µs since 1970. */
  captureUnixUs: number;
  widthPx: number;
  heightPx: number;
  spacingMm: { x: number; y: number } | null;
  objects: MaskFrameObject[];
  /** The same frame as the message before, its objects changed by a click. */
  revised: boolean;
}

export interface MaskFrameObject {
  id: number;
  status: TrackStatus;
  /** 0–1. */
  quality: number;
  areaPx: number;
  areaMm2: number | null;
  shape: MaskShape | null;
}

/** COCO run lengths, or rings x0, y0, x1, y1, … in whole px that lie within `tolerancePx` of the true outline. */
export type MaskShape =
  { kind: 'rle'; counts: number[] } | { kind: 'contours'; rings: number[][]; tolerancePx: number };

export interface EncodedMaskFrame {
  payload: Uint8Array;
  /** Whether shapes were simplified or left out to fit the budget. */
  reduced: boolean;
}

const Message = protobuf
  .loadSync(join(packageRoot(), 'proto', 'telemetry.proto'))
  .lookupType('sonotrack.telemetry.v1.MaskFrame');

const STATUS = { tracking: 1, ask: 2, lost: 3 } as const satisfies Record<TrackStatus, number>;

/** Outlines are moved by at most so many px, in this order, until the message fits. */
const TOLERANCES_PX = [0, 1, 2, 4, 8] as const;

/**
 * Encodes one frame's objects: as run lengths or outlines; when that takes more than `budgetBytes`, as outlines that are
 * simplified further and further; at last without shapes, since areas and qualities always go out.
 */
export function encodeMaskFrame(
  frame: Omit<FrameMeta, 'captureNs' | 'id'> & { frameId: number; captureUnixUs: number },
  objects: readonly TrackedObject[],
  {
    revised,
    shape,
    budgetBytes,
  }: { revised: boolean; shape: 'rle' | 'contours'; budgetBytes: number },
): EncodedMaskFrame {
  const { frameId, captureUnixUs, widthPx, heightPx, spacingMm } = frame;
  const encode = (shapeOf: (object: TrackedObject) => object): Uint8Array =>
    Message.encode({
      frameId,
      captureUnixUs,
      widthPx,
      heightPx,
      ...(spacingMm && { spacingMm }),
      revised,
      objects: objects.map((object) => ({
        id: object.id,
        status: STATUS[object.status],
        quality: object.quality,
        areaPx: object.mask.areaPx,
        ...(object.mask.areaMm2 !== null && { areaMm2: object.mask.areaMm2 }),
        ...(object.mask.areaPx > 0 && shapeOf(object)),
      })),
    }).finish();
  if (shape === 'rle') {
    const payload = encode(({ mask }) => ({ rle: { counts: mask.rle().counts } }));
    if (payload.length <= budgetBytes) return { payload, reduced: false };
  }
  const outlines = new Map(objects.map((object) => [object, object.mask.contours()]));
  for (const tolerancePx of TOLERANCES_PX) {
    const payload = encode((object) => ({
      contours: {
        tolerancePx,
        rings: (outlines.get(object) ?? []).flatMap((ring) => {
          const points = simplifyRing(ring, tolerancePx);
          return points.length === 0 ? [] : [{ deltas: deltasOf(points) }];
        }),
      },
    }));
    if (payload.length <= budgetBytes) return { payload, reduced: tolerancePx > 0 };
  }
  return { payload: encode(() => ({})), reduced: true };
}

/** @throws Error for bytes that are no MaskFrame */
export function decodeMaskFrame(payload: Uint8Array): MaskFrame {
  const message = Message.toObject(Message.decode(payload), {
    longs: Number,
    enums: Number,
    defaults: true,
    arrays: true,
    oneofs: true,
  }) as Decoded;
  return {
    frameId: message.frameId,
    captureUnixUs: message.captureUnixUs,
    widthPx: message.widthPx,
    heightPx: message.heightPx,
    spacingMm: message.spacingMm ?? null,
    revised: message.revised,
    objects: message.objects.map((object) => ({
      id: object.id,
      status: statusOf(object.status),
      quality: object.quality,
      areaPx: object.areaPx,
      areaMm2: object.areaMm2 ?? null,
      shape: shapeOf(object),
    })),
  };
}

interface Decoded extends Omit<MaskFrame, 'objects'> {
  objects: {
    id: number;
    status: number;
    quality: number;
    areaPx: number;
    /** An optional field has no default. */
    areaMm2?: number;
    shape?: 'rle' | 'contours';
    rle?: { counts: number[] };
    contours?: { rings: { deltas: number[] }[]; tolerancePx: number };
  }[];
}

function statusOf(value: number): TrackStatus {
  if (value === STATUS.ask) return 'ask';
  return value === STATUS.lost ? 'lost' : 'tracking';
}

function shapeOf({ shape, rle, contours }: Decoded['objects'][number]): MaskShape | null {
  if (shape === 'rle' && rle) return { kind: 'rle', counts: rle.counts };
  if (shape !== 'contours' || !contours) return null;
  const rings = contours.rings.map(({ deltas }) => pointsOf(deltas));
  return { kind: 'contours', rings, tolerancePx: contours.tolerancePx };
}

function deltasOf(points: ArrayLike<number>): number[] {
  return Array.from(points, (value, i) => value - (i < 2 ? 0 : points[i - 2]));
}

function pointsOf(deltas: readonly number[]): number[] {
  const points: number[] = [];
  deltas.forEach((delta, i) => points.push(delta + (i < 2 ? 0 : points[i - 2])));
  return points;
}
