/** Files appear whole or not at all: written beside their name, then renamed. */
import { writeFile } from 'node:fs/promises';
import { replaceFile } from '../../runtime/durable.js';

/**
 * Writes `data` to `path`, replacing what is there.
 * @throws SonotrackError WRITE_FAILED; then `path` is as it was and nothing else is left behind
 */
export async function writeAtomically(path: string, data: string | Uint8Array): Promise<void> {
  await replaceFile(path, (temporary) => writeFile(temporary, data));
}
