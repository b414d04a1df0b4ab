/** Messages from the viewer ↔ bytes; these come from outside, and one that is not well formed throws. */
import {
  decode,
  enumName,
  enumValue,
  fail,
  finite,
  FORMATS,
  fromBox,
  isAbsent,
  toBox,
  toId,
  wire,
  WireError,
  type Wire,
} from './fields.js';
import type { ClientMessage } from './messages.js';

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
        format: enumName(FORMATS, subscribe?.format, 'format'),
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
