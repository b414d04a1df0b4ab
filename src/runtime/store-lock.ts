/** One process at a time may change a bundle store. */
import { randomBytes } from 'node:crypto';
import { readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { SonotrackError } from './errors.js';

interface Holder {
  pid: number;
  /** Linux; empty elsewhere. After a power cut another process may have the same number. */
  boot: string;
}

/**
 * Does `work` while no other process changes the store in `dir`. The lock of a process that is gone is taken over.
 * @throws SonotrackError MODEL_STORE_BUSY at once when another process holds it
 */
export async function withStoreLock<T>(dir: string, work: () => Promise<T>): Promise<T> {
  const file = join(dir, 'store.lock');
  const boot = await bootId();
  await take(file, { pid: process.pid, boot });
  try {
    return await work();
  } finally {
    await rm(file, { force: true });
  }
}

async function take(file: string, self: Holder): Promise<void> {
  for (;;) {
    try {
      await writeFile(file, JSON.stringify(self), { flag: 'wx' });
      return;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    }
    const holder = await readHolder(file);
    if (holder && holder.boot === self.boot && isAlive(holder.pid)) {
      throw new SonotrackError(
        'MODEL_STORE_BUSY',
        'models',
        `process ${holder.pid} is changing the models (${file})`,
      );
    }
    // renamed first: of several that find the lock orphaned, one succeeds
    const orphan = `${file}.${randomBytes(4).toString('hex')}`;
    await rename(file, orphan).catch(() => undefined);
    await rm(orphan, { force: true });
  }
}

/** Null where the lock is gone, or was cut while it was written. */
async function readHolder(file: string): Promise<Holder | null> {
  try {
    return JSON.parse(await readFile(file, 'utf8')) as Holder;
  } catch {
    return null;
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

const bootId = (): Promise<string> =>
  readFile('/proc/sys/kernel/random/boot_id', 'utf8').then(
    (id) => id.trim(),
    () => '',
  );
