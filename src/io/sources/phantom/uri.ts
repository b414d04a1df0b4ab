/** `phantom:?seed=2&frames=100&fps=30&width=480&height=360` → options. */
import { checkInteger, nearest } from '../../../runtime/validate.js';
import { PHANTOM_DEFAULTS, type PhantomOptions } from './phantom.js';

export interface PhantomSourceOptions extends Required<PhantomOptions> {
  /** Frames to play; null: endless. */
  frames: number | null;
}

/** Ten seconds at the default rate: a command that writes every frame ends; `frames=0` is endless. */
const DEFAULT_FRAMES = 300;

const NAMES = ['seed', 'frames', 'fps', 'width', 'height'];

/**
 * @param endless whether a phantom that does not say goes on for ever (its motion never repeats, so that going round would
 *   jump)
 * @throws TypeError for an unknown or malformed option, RangeError for one out of range
 */
export function parsePhantomUri(uri: string, endless = false): PhantomSourceOptions {
  const rest = uri.slice('phantom:'.length);
  if (rest !== '' && !rest.startsWith('?')) {
    throw new TypeError(
      `expected \`phantom:?name=value&…\` for \`uri\` but received ${uri} (string)`,
    );
  }
  const query = new URLSearchParams(rest.slice(1));
  for (const name of query.keys()) {
    if (NAMES.includes(name)) continue;
    const meant = nearest(name, NAMES);
    throw new TypeError(
      `expected only ${NAMES.map((n) => `\`${n}\``).join(', ')} in \`${uri}\` but received \`${name}\`` +
        (meant ? `; did you mean \`${meant}\`?` : ''),
    );
  }
  const read = (name: string, fallback: number): number => {
    const text = query.get(name);
    if (text === null) return fallback;
    const value = Number(text);
    if (text.trim() === '' || Number.isNaN(value)) {
      throw new TypeError(
        `expected a number for \`${name}\` in \`${uri}\` but received "${text}" (string)`,
      );
    }
    return value;
  };
  const frames = checkInteger(read('frames', endless ? 0 : DEFAULT_FRAMES), 'frames', [
    0,
    Number.MAX_SAFE_INTEGER,
  ]);
  return {
    seed: read('seed', PHANTOM_DEFAULTS.seed),
    widthPx: read('width', PHANTOM_DEFAULTS.widthPx),
    heightPx: read('height', PHANTOM_DEFAULTS.heightPx),
    frameRateHz: read('fps', PHANTOM_DEFAULTS.frameRateHz),
    frames: frames === 0 ? null : frames,
  };
}
