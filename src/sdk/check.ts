/** Checks of the arguments that the public calls share. */
import type { EnginePrompts } from '../runtime/engine.js';
import {
  checkBoolean,
  checkInteger,
  checkNumber,
  checkObject,
  rangeError,
  typeError,
} from '../runtime/validate.js';
import { MAX_SIDE_PX, Mask } from './mask.js';
import type { Box, Frame, FrameMeta, ObjectMask, Point, SpacingMm } from './types.js';

const FRAME_MEMBERS = [
  'data',
  'widthPx',
  'heightPx',
  'channels',
  'spacingMm',
  'id',
  'captureNs',
] as const;
const PROMPT_MEMBERS = ['points', 'box', 'previous', 'multimask'] as const;
const MOST_MM_PER_PX = 1000;

export interface SizePx {
  readonly widthPx: number;
  readonly heightPx: number;
}

/** A frame's samples fit its size; the rest of it becomes the frozen meta, with `nextId` for an absent id. */
export function checkFrame(
  value: unknown,
  nextId: () => number,
): { frame: Frame; meta: FrameMeta } {
  const given = checkObject(value, 'frame', FRAME_MEMBERS);
  const { data, channels } = given;
  if (!(data instanceof Uint8Array)) throw typeError('a Uint8Array', 'frame.data', data);
  const widthPx = checkInteger(given.widthPx, 'frame.widthPx', [1, MAX_SIDE_PX]);
  const heightPx = checkInteger(given.heightPx, 'frame.heightPx', [1, MAX_SIDE_PX]);
  if (typeof channels !== 'number') throw typeError('1, 3 or 4', 'frame.channels', channels);
  if (channels !== 1 && channels !== 3 && channels !== 4) {
    throw rangeError('1, 3 or 4', 'frame.channels', channels);
  }
  const spacingMm = checkSpacing(given.spacingMm);
  const id =
    given.id === undefined
      ? nextId()
      : checkInteger(given.id, 'frame.id', [0, Number.MAX_SAFE_INTEGER]);
  const captureNs = given.captureNs ?? process.hrtime.bigint();
  if (typeof captureNs !== 'bigint') throw typeError('a bigint', 'frame.captureNs', captureNs);
  if (captureNs < 0n) throw rangeError('a bigint ≥ 0', 'frame.captureNs', captureNs);
  if (data.length !== heightPx * widthPx * channels) {
    throw rangeError(
      `${heightPx * widthPx * channels} samples (${heightPx} × ${widthPx} × ${channels})`,
      'frame.data',
      data,
    );
  }
  return {
    frame: { data, widthPx, heightPx, channels },
    meta: Object.freeze({ id, captureNs, heightPx, widthPx, spacingMm }),
  };
}

function checkSpacing(value: unknown): Readonly<SpacingMm> | null {
  if (value === undefined || value === null) return null;
  const { x, y } = checkObject(value, 'frame.spacingMm', ['x', 'y']);
  return Object.freeze({ x: checkMm(x, 'x'), y: checkMm(y, 'y') });
}

function checkMm(value: unknown, axis: 'x' | 'y'): number {
  const name = `frame.spacingMm.${axis}`;
  const mm = checkNumber(value, name, [0, MOST_MM_PER_PX]);
  if (mm === 0) throw rangeError('a number > 0', name, value);
  return mm;
}

/**
 * Prompts on a frame of this size, in the form that engines take. Background points alone need `previous`, unless the
 * call supplies one itself (`hasPrevious`).
 */
export function checkPrompts(value: unknown, size: SizePx, hasPrevious: boolean): EnginePrompts {
  const given = checkObject(value, 'prompts', PROMPT_MEMBERS);
  const points = given.points === undefined ? [] : checkPoints(given.points, size);
  const box = given.box === undefined ? null : checkBox(given.box, size);
  const previous =
    given.previous === undefined ? null : checkMask(given.previous, 'prompts.previous', size);
  const multimask =
    given.multimask === undefined ? false : checkBoolean(given.multimask, 'prompts.multimask');
  if (!points.length && !box) {
    throw new RangeError('expected at least one point or a box in `prompts` but received neither');
  }
  if (!box && !previous && !hasPrevious && points.every(({ label }) => label === 0)) {
    throw new RangeError(
      'expected a foreground point, a box or `previous` in `prompts` but received background points alone',
    );
  }
  return {
    points: Float32Array.from(points.flatMap(({ x, y, label }) => [x, y, label])),
    box: box && Float32Array.from(box),
    previous,
    multimask,
  };
}

function checkPoints(value: unknown, { widthPx, heightPx }: SizePx): Point[] {
  if (!Array.isArray(value)) throw typeError('an array of points', 'prompts.points', value);
  return value.map((item: unknown, i) => {
    const name = `prompts.points[${i}]`;
    const { x, y, label } = checkObject(item, name, ['x', 'y', 'label']);
    const point = {
      x: checkNumber(x, `${name}.x`, [0, widthPx]),
      y: checkNumber(y, `${name}.y`, [0, heightPx]),
    };
    if (typeof label !== 'number') throw typeError('1 or 0', `${name}.label`, label);
    if (label !== 0 && label !== 1) throw rangeError('1 or 0', `${name}.label`, label);
    return { ...point, label };
  });
}

function checkBox(value: unknown, { widthPx, heightPx }: SizePx): Box {
  const what = '[x0, y0, x1, y1]';
  if (!Array.isArray(value)) throw typeError(what, 'prompts.box', value);
  if (value.length !== 4) throw rangeError(what, 'prompts.box', value);
  const [x0, y0, x1, y1] = value.map((v: unknown, i) =>
    checkNumber(v, `prompts.box[${i}]`, [0, i % 2 ? heightPx : widthPx]),
  );
  if (x1 <= x0 || y1 <= y0) throw rangeError('x0 < x1 and y0 < y1', 'prompts.box', value);
  return [x0, y0, x1, y1];
}

/** The bitmap of a mask of this size. */
export function checkMask(value: unknown, name: string, { widthPx, heightPx }: SizePx): Uint8Array {
  if (!(value instanceof Mask)) throw typeError('a Mask', name, value);
  if (value.widthPx !== widthPx || value.heightPx !== heightPx) {
    throw new RangeError(
      `expected a mask of ${widthPx} × ${heightPx} px for \`${name}\` ` +
        `but received one of ${value.widthPx} × ${value.heightPx} px (Mask)`,
    );
  }
  return Mask.bitmapOf(value);
}

export const checkObjectId = (value: unknown, name: string): number =>
  checkInteger(value, name, [0, Number.MAX_SAFE_INTEGER]);

/** An object for `start` or `add`, in the form that engines take. */
export function checkObjectMask(
  value: unknown,
  name: string,
  size: SizePx,
): { id: number; bitmap: Uint8Array } {
  const { id, mask } = checkObject(value, name, ['id', 'mask'] satisfies (keyof ObjectMask)[]);
  return {
    id: checkObjectId(id, `${name}.id`),
    bitmap: checkMask(mask, `${name}.mask`, size),
  };
}
