/** Checks of what a user's commands bring. */
import {
  checkInteger,
  checkNumber,
  checkObject,
  checkString,
  rangeError,
  typeError,
} from '../runtime/validate.js';
import { SonotrackError } from '../runtime/errors.js';
import type { ObjectLabel, SessionPrompt } from './types.js';

const IDS = [0, Number.MAX_SAFE_INTEGER] as const;
const MOST_NAME = 40;
/** Longest side of a frame, px. */
const MOST_PX = 16384;
// eslint-disable-next-line no-control-regex
const CONTROL = /[\u0000-\u001f\u007f]/;

/** Codes of failures after which the tracker is not where it was; all other errors of a command change nothing. */
const FAILURES = ['INFERENCE_FAILED', 'INFERENCE_LATE'];

/** Whether a command was refused before it changed anything. */
export function isRefusal(error: unknown): boolean {
  if (error instanceof SonotrackError) return !FAILURES.includes(error.code);
  return error instanceof TypeError || error instanceof RangeError;
}

/** @throws TypeError, RangeError; whether the prompt lies on the frame is known only once the frame is found */
export function checkSessionPrompt(prompt: SessionPrompt): SessionPrompt {
  const given = checkObject(prompt, 'prompt', ['frameId', 'point', 'box', 'objectId']);
  const frameId = checkInteger(given.frameId, 'frameId', IDS);
  const { objectId } = given;
  const checked: SessionPrompt = { frameId };
  if (objectId === null) checked.objectId = null;
  else if (objectId !== undefined) checked.objectId = checkInteger(objectId, 'objectId', IDS);
  if (given.point !== undefined) {
    const { x, y, label } = checkObject(given.point, 'point', ['x', 'y', 'label']);
    checked.point = {
      x: checkNumber(x, 'point.x', [0, MOST_PX]),
      y: checkNumber(y, 'point.y', [0, MOST_PX]),
      label: checkInteger(label, 'point.label', [0, 1]) as 0 | 1,
    };
  }
  if (given.box !== undefined) {
    const { box } = given;
    if (!Array.isArray(box) || box.length !== 4) throw typeError('[x0, y0, x1, y1]', 'box', box);
    const [x0, y0, x1, y1] = box.map((value, i) => checkNumber(value, `box[${i}]`, [0, MOST_PX]));
    checked.box = [x0, y0, x1, y1];
  }
  if (!checked.point && !checked.box) throw typeError('a point or a box', 'prompt', prompt);
  return checked;
}

/** @throws TypeError, RangeError */
export function checkLabel(label: unknown): Partial<Omit<ObjectLabel, 'id'>> {
  const { name, colour } = checkObject(label, 'label', ['name', 'colour']);
  const checked: { name?: string | null; colour?: string | null } = {};
  if (name === null) checked.name = null;
  else if (name !== undefined) {
    const text = checkString(name, 'name').trim();
    if (text === '' || text.length > MOST_NAME || CONTROL.test(text)) {
      throw rangeError(`1–${MOST_NAME} printable characters`, 'name', name);
    }
    checked.name = text;
  }
  if (colour === null) checked.colour = null;
  else if (colour !== undefined) {
    if (!/^#[0-9a-f]{6}$/i.test(checkString(colour, 'colour'))) {
      throw rangeError("'#rrggbb'", 'colour', colour);
    }
    checked.colour = String(colour).toLowerCase();
  }
  return checked;
}
