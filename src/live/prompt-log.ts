/** The user's prompts: those that add up on one object and frame, and those that can be taken back. */
import type { Box, Mask, Point } from '../sdk/types.js';
import type { SessionPrompt } from './types.js';

/** Prompts that can be taken back. */
const MOST_UNDO = 16;

/** Prompts of one object on one frame add up. */
export interface Correction {
  objectId: number;
  frameId: number;
  points: Point[];
  box: Box | null;
}

/** What a prompt changed: `before` is the object's mask on that frame, null when the prompt began it. */
export interface Change {
  objectId: number;
  frameId: number;
  before: Mask | null;
}

export class PromptLog {
  #going: Correction | null = null;
  /** Each with the correction that it added to. */
  readonly #changes: (Change & { earlier: Correction | null })[] = [];

  /** What `takeBack` would undo. */
  get last(): Change | undefined {
    return this.#changes.at(-1);
  }

  /** The prompts of an object on a frame with one more. */
  with(objectId: number, { frameId, point, box }: SessionPrompt): Correction {
    const going = this.#going;
    const goesOn = going?.objectId === objectId && going.frameId === frameId;
    const points = [...(goesOn ? going.points : []), ...(point ? [point] : [])];
    return { objectId, frameId, points, box: box ?? (goesOn ? going.box : null) };
  }

  /** A prompt was answered. */
  add(correction: Correction, before: Mask | null): void {
    const { objectId, frameId } = correction;
    this.#changes.push({ objectId, frameId, before, earlier: this.#going });
    if (this.#changes.length > MOST_UNDO) this.#changes.shift();
    this.#going = correction;
  }

  /** The last change was undone. */
  takeBack(): void {
    this.#going = this.#changes.pop()?.earlier ?? null;
  }

  /** The object is no longer followed. */
  forget(objectId: number): void {
    if (this.#going?.objectId === objectId) this.#going = null;
    for (let i = this.#changes.length - 1; i >= 0; i -= 1) {
      if (this.#changes[i].objectId === objectId) this.#changes.splice(i, 1);
    }
  }

  clear(): void {
    this.#going = null;
    this.#changes.length = 0;
  }
}
