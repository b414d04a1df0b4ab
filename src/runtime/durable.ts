/** Files that are whole after a power cut: written beside their name, flushed to the disk, renamed, and the folder flushed. */
import { randomBytes } from 'node:crypto';
import { copyFile, open, rename, rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { SonotrackError } from './errors.js';

/**
 * Replaces `path` by what `fill` writes to a temporary file beside it; `settle` follows the renaming.
 * @throws SonotrackError WRITE_FAILED; nothing else is left behind
 */
export async function replaceFile(
  path: string,
  fill: (temporary: string) => Promise<void>,
  settle: () => Promise<void> = async () => undefined,
): Promise<void> {
  const suffix = `${process.pid}-${randomBytes(4).toString('hex')}`;
  const temporary = join(dirname(path), `.${basename(path)}.${suffix}.tmp`);
  try {
    await fill(temporary);
    await rename(temporary, path);
    await settle();
  } catch (cause) {
    await rm(temporary, { force: true }).catch(() => undefined);
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new SonotrackError('WRITE_FAILED', 'write', `cannot write ${path}: ${reason}`, { cause });
  }
}

/**
 * Writes `data` to `path`, replacing what is there; when it returns, the new content is on the disk.
 * @throws SonotrackError WRITE_FAILED; then `path` is as it was
 */
export async function writeDurably(path: string, data: string | Uint8Array): Promise<void> {
  const fill = async (temporary: string): Promise<void> => {
    const file = await open(temporary, 'wx');
    try {
      await file.writeFile(data);
      await file.sync();
    } finally {
      await file.close();
    }
  };
  await replaceFile(path, fill, () => syncFolder(dirname(path)));
}

/** Copies a file, which must not be there yet, and flushes it. */
export async function copyDurably(from: string, to: string): Promise<void> {
  await copyFile(from, to);
  const file = await open(to, 'r+');
  try {
    await file.sync();
  } finally {
    await file.close();
  }
}

/** Flushes the names in a folder; Windows has no such thing, and needs none. */
export async function syncFolder(dir: string): Promise<void> {
  if (process.platform === 'win32') return;
  const folder = await open(dir, 'r');
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}
