/** In which order the frames of a recording are followed. */
import { checkInteger } from '../runtime/validate.js';

/**
 * `start`: the objects are marked on this frame. `track`: they are followed to it from the frame of the step before.
 * `restart`: back to the start frame, with the same marks.
 */
export interface Step {
  kind: 'start' | 'restart' | 'track';
  /** Of the frame, counted from 0. */
  index: number;
}

/**
 * From `start` forward to the last frame, then from `start` back to the first: every frame is started on or tracked once.
 * `start` 0 is a recording in its own order; one within is a stack of slices that is followed both ways.
 * @throws TypeError, RangeError when there is no frame `start`
 */
export function scheduleOf(frames: number, start: number): Step[] {
  checkInteger(frames, 'frames', [1, Number.MAX_SAFE_INTEGER]);
  checkInteger(start, 'start', [0, frames - 1]);
  const steps: Step[] = [{ kind: 'start', index: start }];
  for (let index = start + 1; index < frames; index++) steps.push({ kind: 'track', index });
  const forwardDone = steps.length > 1;
  if (forwardDone && start > 0) steps.push({ kind: 'restart', index: start });
  for (let index = start - 1; index >= 0; index--) steps.push({ kind: 'track', index });
  return steps;
}
