/** Files appear whole or not at all: written beside their name, then renamed. */
import { randomBytes } from 'node:crypto';
import { rename, rm, writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { SonotrackError } from '../../runtime/errors.js';

/**
 * Writes `data` to `path`, replacing what is there.
 * @throws SonotrackError WRITE_FAILED; then `path` is as it was and nothing else is left behind
 */
export async function writeAtomically(path: string, data: string | Uint8Array): Promise<void> {
  const suffix = `${process.pid}-${randomBytes(4).toString('hex')}`;
  const temporary = join(dirname(path), `.${basename(path)}.${suffix}.tmp`);
  try {
    await writeFile(temporary, data);
    await rename(temporary, path);
  } catch (cause) {
    await rm(temporary, { force: true }).catch(() => undefined);
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new SonotrackError('WRITE_FAILED', 'write', `cannot write ${path}: ${reason}`, { cause });
  }
}
