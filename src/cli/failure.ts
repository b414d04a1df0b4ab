/** Errors as the command line tells them: one line with the code, and what to do about it. */
import { SonotrackError, type ErrorCode } from '../runtime/errors.js';

/** Documented in docs/reference/cli.md. */
export const EXIT = {
  done: 0,
  failure: 1,
  usage: 2,
  input: 3,
  setup: 4,
  output: 5,
  interrupted: 130,
} as const;

/** Wrong arguments that only a command can tell, for instance two options that exclude each other. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}

/** Stopped by SIGINT or SIGTERM. */
export class Interrupted extends Error {
  override readonly name = 'Interrupted';
}

export function exitCodeOf(error: unknown): number {
  if (error instanceof Interrupted) return EXIT.interrupted;
  if (error instanceof SonotrackError) {
    if (error.code.startsWith('SOURCE_')) return EXIT.input;
    if (error.code === 'WRITE_FAILED') return EXIT.output;
    if (/^(MODEL|PROFILE|ENGINE|PROVIDER)_/.test(error.code)) return EXIT.setup;
    return EXIT.failure;
  }
  if (error instanceof UsageError || error instanceof RangeError) return EXIT.usage;
  // A TypeError with a code is the system's or an engine's; those of the argument checks have none.
  if (error instanceof TypeError && !('code' in error) && / but received /.test(error.message)) {
    return EXIT.usage;
  }
  return EXIT.failure;
}

const HINTS: Partial<Record<ErrorCode, string>> = {
  ENGINE_UNAVAILABLE: 'run `sonotrack doctor`, or use --engine auto',
  PROVIDER_UNAVAILABLE: 'choose another profile, see `sonotrack profiles list`',
  PROFILE_NOT_FOUND: 'see `sonotrack profiles list`',
  PROFILE_INVALID: 'firmware-profiles/profile.schema.json says what a profile may hold',
  MODEL_NOT_FOUND: 'install a bundle, or name its folder with --models-dir',
  MODEL_FILE_MISSING: 'the bundle is incomplete: install it again',
  MODEL_FILE_TRUNCATED: 'the bundle is damaged: install it again',
  MODEL_FILE_ALTERED: 'the bundle is not the one its manifest describes: install it again',
  MODEL_UNSIGNED: 'sign it with `sonotrack models sign`',
  MODEL_UNTRUSTED: 'name the public key of whoever signed it with --trust',
  SOURCE_NOT_FOUND: 'check the path; the built-in phantom is `phantom:`',
  SOURCE_UNSUPPORTED: 'convert it to PNG, JPEG or TIFF',
  EMPTY_MASK: 'click inside of the structure, or draw a box around it',
  WRITE_FAILED: 'check that the folder exists and can be written to',
};

/** The parts of an error that a user can act on. */
export function explain(error: unknown): { code: string; message: string; hint: string | null } {
  if (error instanceof SonotrackError) {
    return { code: error.code, message: error.message, hint: HINTS[error.code] ?? null };
  }
  const message = error instanceof Error ? error.message : String(error);
  if (exitCodeOf(error) === EXIT.usage) {
    return { code: 'USAGE', message, hint: 'see `sonotrack --help`' };
  }
  return { code: error instanceof Interrupted ? 'INTERRUPTED' : 'FAILED', message, hint: null };
}

/** Writes an error to standard error: one line, or JSON with `--json`; the stack with `--verbose`. */
export function reportError(
  error: unknown,
  { json, verbose }: { json: boolean; verbose: boolean },
): void {
  const { code, message, hint } = explain(error);
  const stack = verbose && error instanceof Error ? error.stack : undefined;
  if (json) {
    process.stderr.write(`${JSON.stringify({ error: { code, message, hint, stack } })}\n`);
    return;
  }
  const line = message.replaceAll('\n', ' ');
  process.stderr.write(`sonotrack: ${line} [${code}]${hint ? ` (${hint})` : ''}\n`);
  if (stack) process.stderr.write(`${stack}\n`);
}

/** Warnings of this process as one line each instead of Node's own form; gives a function that undoes it. */
export function reportWarnings(isQuiet: () => boolean): () => void {
  const listener = (warning: Error): void => {
    if (!isQuiet()) process.stderr.write(`sonotrack: warning: ${warning.message}\n`);
  };
  const before = process.listeners('warning');
  process.removeAllListeners('warning');
  process.on('warning', listener);
  return () => {
    process.off('warning', listener);
    for (const other of before) process.on('warning', other);
  };
}
