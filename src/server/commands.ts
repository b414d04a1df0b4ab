/** What viewers and API clients may have the session do, and with which role. */
import { join } from 'node:path';
import type { Session } from '../live/types.js';
import { SonotrackError } from '../runtime/errors.js';
import type { Command, Role } from '../wire/messages.js';
import { mayAct } from './access.js';
import { HttpError, type Status } from './exchange.js';

export const NEEDED_ROLE: Readonly<Record<Command['type'], Role>> = {
  prompt: 'operate',
  undo: 'operate',
  remove: 'operate',
  label: 'operate',
  freeze: 'operate',
  seek: 'operate',
  goLive: 'operate',
  startRecording: 'admin',
  stopRecording: 'admin',
};

/** @throws HttpError 403 */
export function requireRole(role: Role, needed: Role): void {
  if (!mayAct(role, needed)) {
    throw new HttpError('403 Forbidden', 'FORBIDDEN', `the role ${needed} is needed`);
  }
}

export interface Outcome {
  objectId: number | null;
  frameId: number | null;
}

const NOTHING: Outcome = { objectId: null, frameId: null };

/** @param recordDir the folder that recordings go to: clients never name a path; null: none */
export async function execute(
  session: Session,
  command: Command,
  recordDir: string | null,
): Promise<Outcome> {
  switch (command.type) {
    case 'prompt': {
      const { frameId, point, box, objectId } = command;
      const prompt = { frameId, ...(point && { point }), ...(box && { box }) };
      return session.prompt(objectId === undefined ? prompt : { ...prompt, objectId });
    }
    case 'undo':
      return session.undo();
    case 'remove':
      await session.remove(command.objectId);
      return NOTHING;
    case 'label': {
      const { objectId, name, colour } = command;
      await session.label(objectId, {
        ...(name !== undefined && { name }),
        ...(colour !== undefined && { colour }),
      });
      return NOTHING;
    }
    case 'freeze':
      await session.freeze();
      return NOTHING;
    case 'seek':
      return { objectId: null, frameId: await session.seek(command.frameId) };
    case 'goLive':
      await session.goLive();
      return NOTHING;
    case 'startRecording': {
      if (recordDir === null) {
        throw new SonotrackError(
          'WRITE_FAILED',
          'write',
          'the server was started without --record-dir',
        );
      }
      const name = new Date().toISOString().replaceAll(/[:.]/g, '-');
      await session.startRecording({ folder: join(recordDir, name) });
      return NOTHING;
    }
    case 'stopRecording':
      await session.stopRecording();
      return NOTHING;
  }
}

const STATUS_OF_CODE: Partial<Record<SonotrackError['code'], Status>> = {
  FRAME_NOT_AVAILABLE: '410 Gone',
  UNKNOWN_OBJECT: '404 Not Found',
  TOO_MANY_OBJECTS: '409 Conflict',
  NOTHING_TO_UNDO: '409 Conflict',
  WRITE_FAILED: '409 Conflict',
  EMPTY_MASK: '422 Unprocessable Entity',
  INFERENCE_LATE: '503 Service Unavailable',
  TRACKER_CLOSED: '503 Service Unavailable',
};

/** An error of a command, as it is told to clients: codes and messages of the session, nothing of the inside. */
export function refusalOf(error: unknown): HttpError {
  if (error instanceof HttpError) return error;
  if (error instanceof SonotrackError) {
    const status = STATUS_OF_CODE[error.code] ?? '500 Internal Server Error';
    return new HttpError(status, error.code, error.message);
  }
  if (error instanceof RangeError) {
    return new HttpError('422 Unprocessable Entity', 'BAD_REQUEST', error.message);
  }
  if (error instanceof TypeError)
    return new HttpError('400 Bad Request', 'BAD_REQUEST', error.message);
  return new HttpError(
    '500 Internal Server Error',
    'INTERNAL',
    'the request could not be carried out',
  );
}
