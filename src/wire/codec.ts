/** Messages ↔ bytes. What comes from outside is checked here: a message that is not well formed throws. */
import { sonotrack } from './generated/live.js';
import {
  type ClientMessage,
  type IngestFrame,
  type LiveFrame,
  type LiveObject,
  type LiveStatus,
  type PictureFormat,
  type Role,
  type ServerMessage,
  type WireBox,
} from './messages.js';

const wire = sonotrack.live.v1;
type Wire = typeof sonotrack.live.v1;

/** Names beside the values of the enums in proto/live.proto, from 1 on. */
const FORMATS = ['jpeg', 'gray8', 'none'] as const;
const TRACK_STATUSES = ['tracking', 'ask', 'lost'] as const;
const STATES = ['idle', 'live', 'frozen', 'lost', 'fault'] as const;
const ROLES: readonly Role[] = ['view', 'operate', 'admin'];

/** A message that its format does not allow. */
export class WireError extends RangeError {
  override readonly name = 'WireError';
  /** The command's, where that much could be read; else 0. */
  ref = 0;
}

const fail = (message: string): never => {
  throw new WireError(message);
};

/** 64-bit integers as protobufjs gives them, with and without its `long`. */
type Integer = number | { low: number; high: number };

function toBigInt(value: Integer | null | undefined): bigint {
  if (value === null || value === undefined) return 0n;
  if (typeof value === 'number') return BigInt(value);
  return (BigInt(value.high >>> 0) << 32n) | BigInt(value.low >>> 0);
}

function fromBigInt(value: bigint): never {
  const bits = { low: Number(value & 0xffffffffn), high: Number(value >> 32n), unsigned: true };
  // What `Long` is made of is all that the writer looks at.
  return bits as never;
}

function toId(value: Integer | null | undefined, name: string): number {
  const id = toBigInt(value);
  return id <= BigInt(Number.MAX_SAFE_INTEGER) ? Number(id) : fail(`\`${name}\` is too large`);
}

function enumName<T extends string>(
  names: readonly T[],
  value: number | null | undefined,
  what: string,
): T {
  return names[(value ?? 0) - 1] ?? fail(`unknown value ${value} of \`${what}\``);
}
const enumValue = <T extends string>(names: readonly T[], name: T): number =>
  names.indexOf(name) + 1;

function finite(value: number | null | undefined, name: string): number {
  const number = value ?? 0;
  return Number.isFinite(number) ? number : fail(`\`${name}\` is not a finite number`);
}

function toBox(box: {
  x0?: number | null;
  y0?: number | null;
  x1?: number | null;
  y1?: number | null;
}): WireBox {
  return [
    finite(box.x0, 'box'),
    finite(box.y0, 'box'),
    finite(box.x1, 'box'),
    finite(box.y1, 'box'),
  ];
}
const fromBox = ([x0, y0, x1, y1]: WireBox) => ({ x0, y0, x1, y1 });

/** Any throw of the decoder, whose classes differ by what was wrong, is a message that is not well formed. */
function decode<T>(type: { decode(bytes: Uint8Array): T }, bytes: Uint8Array): T {
  try {
    return type.decode(bytes);
  } catch (error) {
    return fail(error instanceof Error ? error.message : String(error));
  }
}

// ---- to the viewer

export function encodeServerMessage(message: ServerMessage): Uint8Array {
  return wire.ServerMessage.encode(toServerBody(message)).finish();
}

type ServerBody = Parameters<Wire['ServerMessage']['encode']>[0];

function toServerBody(message: ServerMessage): ServerBody {
  switch (message.type) {
    case 'hello':
      return {
        hello: {
          version: message.version,
          deviceJson: JSON.stringify(message.device),
          sourceJson: JSON.stringify(message.source),
          role: message.role,
        },
      };
    case 'frame':
      return { frame: fromFrame(message.frame) };
    case 'status':
      return { status: fromStatus(message.status) };
    case 'latency': {
      const { fps, stages, counters, viewerDrops } = message.latency;
      return {
        latency: {
          fps,
          stages: Object.entries(stages).map(([name, { p50, p95, p99 }]) => ({
            name,
            p50Ms: p50,
            p95Ms: p95,
            p99Ms: p99,
          })),
          counters,
          viewerDrops,
        },
      };
    }
    case 'notice':
      return { notice: { kind: message.kind, message: message.message } };
    case 'answer':
      return { answer: { ref: message.ref, objectId: message.objectId, frameId: message.frameId } };
    case 'refusal':
      return { refusal: { ref: message.ref, code: message.code, message: message.message } };
    case 'pong':
      return { pong: { clientMs: message.clientMs, serverNs: fromBigInt(message.serverNs) } };
  }
}

function fromFrame(frame: LiveFrame) {
  return {
    ...frame,
    captureNs: fromBigInt(frame.captureNs),
    format: enumValue(FORMATS, frame.format),
    objects: frame.objects.map((object) => ({
      ...object,
      status: enumValue(TRACK_STATUSES, object.status),
      box: object.box && fromBox(object.box),
    })),
  };
}

function fromStatus(status: LiveStatus) {
  return { ...status, state: enumValue(STATES, status.state) };
}

/** @throws WireError */
export function decodeServerMessage(bytes: Uint8Array): ServerMessage {
  const { hello, frame, status, latency, notice, answer, refusal, pong } = decode(
    wire.ServerMessage,
    bytes,
  );
  if (frame) return { type: 'frame', frame: toFrame(frame) };
  if (status) return { type: 'status', status: toStatus(status) };
  if (pong) {
    return { type: 'pong', clientMs: pong.clientMs ?? 0, serverNs: toBigInt(pong.serverNs) };
  }
  if (answer) {
    return {
      type: 'answer',
      ref: answer.ref ?? 0,
      objectId: answer.objectId ?? null,
      frameId: isAbsent(answer.frameId) ? null : toId(answer.frameId, 'frame_id'),
    };
  }
  if (refusal) {
    const { ref, code, message } = refusal;
    return { type: 'refusal', ref: ref ?? 0, code: code ?? '', message: message ?? '' };
  }
  if (latency) {
    const { fps, stages, counters, viewerDrops } = latency;
    const count = (name: 'received' | 'processed' | 'dropped' | 'skipped' | 'faults' | 'resets') =>
      toId(counters?.[name], name);
    return {
      type: 'latency',
      latency: {
        fps: fps ?? 0,
        stages: Object.fromEntries(
          (stages ?? []).map(({ name, p50Ms, p95Ms, p99Ms }) => [
            name ?? '',
            { p50: p50Ms ?? 0, p95: p95Ms ?? 0, p99: p99Ms ?? 0 },
          ]),
        ),
        counters: {
          received: count('received'),
          processed: count('processed'),
          dropped: count('dropped'),
          skipped: count('skipped'),
          faults: count('faults'),
          resets: count('resets'),
        },
        viewerDrops: toId(viewerDrops, 'viewer_drops'),
      },
    };
  }
  if (notice) return { type: 'notice', kind: notice.kind ?? '', message: notice.message ?? '' };
  if (hello) {
    const role = ROLES.find((known) => known === hello.role) ?? fail('unknown role');
    return {
      type: 'hello',
      version: hello.version ?? 0,
      device: JSON.parse(hello.deviceJson ?? 'null'),
      source: JSON.parse(hello.sourceJson ?? 'null'),
      role,
    };
  }
  return fail('a message without a body');
}

type WireFrame = NonNullable<ReturnType<Wire['ServerMessage']['decode']>['frame']>;
type WireStatus = NonNullable<ReturnType<Wire['ServerMessage']['decode']>['status']>;

const isAbsent = (value: unknown): value is null | undefined =>
  value === null || value === undefined;

function toFrame(frame: WireFrame): LiveFrame {
  const { spacingMm, timings } = frame;
  return {
    id: toId(frame.id, 'id'),
    captureNs: toBigInt(frame.captureNs),
    widthPx: frame.widthPx ?? 0,
    heightPx: frame.heightPx ?? 0,
    spacingMm: spacingMm ? { x: spacingMm.x ?? 0, y: spacingMm.y ?? 0 } : null,
    format: enumName(FORMATS, frame.format, 'format'),
    picture: frame.picture ?? new Uint8Array(),
    revised: frame.revised ?? false,
    timings: timings
      ? {
          queueMs: timings.queueMs ?? 0,
          preprocessMs: timings.preprocessMs ?? 0,
          inferenceMs: timings.inferenceMs ?? 0,
          postprocessMs: timings.postprocessMs ?? 0,
          totalMs: timings.totalMs ?? 0,
        }
      : null,
    objects: (frame.objects ?? []).map(
      ({ id, status, quality, areaPx, areaMm2, box, rle }): LiveObject => ({
        id: id ?? 0,
        status: enumName(TRACK_STATUSES, status, 'status'),
        quality: quality ?? 0,
        areaPx: areaPx ?? 0,
        areaMm2: areaMm2 ?? null,
        box: box ? toBox(box) : null,
        rle: rle ?? [],
      }),
    ),
  };
}

function toStatus({
  state,
  objects,
  cine,
  viewedId,
  canUndo,
  catchingUp,
  recording,
}: WireStatus): LiveStatus {
  return {
    state: enumName(STATES, state, 'state'),
    objects: (objects ?? []).map(({ id, name, colour }) => ({
      id: id ?? 0,
      name: name ?? null,
      colour: colour ?? null,
    })),
    cine: cine
      ? {
          firstId: toId(cine.firstId, 'first_id'),
          lastId: toId(cine.lastId, 'last_id'),
          frames: cine.frames ?? 0,
          seconds: cine.seconds ?? 0,
        }
      : null,
    viewedId: isAbsent(viewedId) ? null : toId(viewedId, 'viewed_id'),
    canUndo: canUndo ?? false,
    catchingUp: catchingUp ?? 0,
    recording: recording ?? false,
  };
}

// ---- from the viewer

export function encodeClientMessage(message: ClientMessage): Uint8Array {
  return wire.ClientMessage.encode(toClientBody(message)).finish();
}

type ClientBody = Parameters<Wire['ClientMessage']['encode']>[0];

function toClientBody(message: ClientMessage): ClientBody {
  switch (message.type) {
    case 'subscribe':
      return { subscribe: { format: enumValue(FORMATS, message.format) } };
    case 'shown':
      return { shown: { count: message.count, glassToGlassMs: message.glassToGlassMs } };
    case 'ping':
      return { ping: { clientMs: message.clientMs } };
    case 'prompt': {
      const { ref, frameId, point, box, objectId } = message;
      return {
        ref,
        prompt: {
          frameId,
          point: point && { x: point.x, y: point.y, foreground: point.label === 1 },
          box: box && fromBox(box),
          objectId: objectId ?? undefined,
          newObject: objectId === null,
        },
      };
    }
    case 'remove':
      return { ref: message.ref, remove: { objectId: message.objectId } };
    case 'label': {
      const { ref, objectId, name, colour } = message;
      const text = (value: string | null | undefined) => (value === null ? '' : value);
      return { ref, label: { objectId, name: text(name), colour: text(colour) } };
    }
    case 'seek':
      return { ref: message.ref, seek: { frameId: message.frameId } };
    case 'undo':
    case 'freeze':
    case 'goLive':
    case 'startRecording':
    case 'stopRecording':
      return { ref: message.ref, [message.type]: {} };
  }
}

/** @throws WireError */
export function decodeClientMessage(bytes: Uint8Array): ClientMessage {
  const message = decode(wire.ClientMessage, bytes);
  try {
    return toClientMessage(message);
  } catch (error) {
    if (error instanceof WireError) error.ref = message.ref ?? 0;
    throw error;
  }
}

function toClientMessage(message: ReturnType<Wire['ClientMessage']['decode']>): ClientMessage {
  const { subscribe, shown, ping, prompt, remove, label, seek } = message;
  const ref = message.ref ?? 0;
  switch (message.body) {
    case 'subscribe':
      return {
        type: 'subscribe',
        format: enumName<PictureFormat>(FORMATS, subscribe?.format, 'format'),
      };
    case 'shown': {
      const glassToGlassMs = shown?.glassToGlassMs ?? null;
      if (glassToGlassMs !== null) finite(glassToGlassMs, 'glass_to_glass_ms');
      return { type: 'shown', count: shown?.count ?? 0, glassToGlassMs };
    }
    case 'ping':
      return { type: 'ping', clientMs: finite(ping?.clientMs, 'client_ms') };
    case 'prompt': {
      const point = prompt?.point;
      return {
        type: 'prompt',
        ref,
        frameId: toId(prompt?.frameId, 'frame_id'),
        ...(point && {
          point: {
            x: finite(point.x, 'x'),
            y: finite(point.y, 'y'),
            label: point.foreground ? 1 : 0,
          },
        }),
        ...(prompt?.box && { box: toBox(prompt.box) }),
        ...(prompt?.newObject
          ? { objectId: null }
          : !isAbsent(prompt?.objectId) && { objectId: prompt?.objectId ?? 0 }),
      };
    }
    case 'remove':
      return { type: 'remove', ref, objectId: remove?.objectId ?? 0 };
    case 'label': {
      const text = (value: string | null | undefined) =>
        value === '' ? null : (value ?? undefined);
      const [name, colour] = [text(label?.name), text(label?.colour)];
      return {
        type: 'label',
        ref,
        objectId: label?.objectId ?? 0,
        ...(name !== undefined && { name }),
        ...(colour !== undefined && { colour }),
      };
    }
    case 'seek':
      return { type: 'seek', ref, frameId: toId(seek?.frameId, 'frame_id') };
    case 'undo':
    case 'freeze':
    case 'goLive':
    case 'startRecording':
    case 'stopRecording':
      return { type: message.body, ref };
    default:
      return fail('a message without a body');
  }
}

// ---- ingest

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
