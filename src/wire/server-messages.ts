/** Messages to the viewer ↔ bytes. */
import {
  decode,
  enumName,
  enumValue,
  fail,
  FORMATS,
  fromBigInt,
  fromBox,
  isAbsent,
  toBigInt,
  toBox,
  toId,
  wire,
  type Wire,
} from './fields.js';
import type { LiveFrame, LiveObject, LiveStatus, Role, ServerMessage } from './messages.js';

/** Names beside the values of the enums in proto/live.proto, from 1 on. */
const TRACK_STATUSES = ['tracking', 'ask', 'lost'] as const;
const STATES = ['idle', 'live', 'frozen', 'lost', 'fault'] as const;
const ROLES: readonly Role[] = ['view', 'operate', 'admin'];

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
