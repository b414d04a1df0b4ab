/** A folder for one process at a time. A lock whose process has died, even if its number lives on, is taken over. */
import { randomBytes } from 'node:crypto';
import { link, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

const LOCK_FILE = 'lock';
const ATTEMPTS = 5;

/**
 * Takes the lock; gives a function that frees it.
 * @throws Error when a living process holds it
 */
export async function takeLock(dir: string): Promise<() => Promise<void>> {
  const file = join(dir, LOCK_FILE);
  const own = join(dir, `${LOCK_FILE}.${process.pid}-${randomBytes(4).toString('hex')}.partial`);
  await writeFile(own, JSON.stringify({ pid: process.pid, started: await startOf(process.pid) }));
  try {
    for (let attempt = 0; attempt < ATTEMPTS; attempt += 1) {
      try {
        // A link appears with its content or not at all, and only where no file is.
        await link(own, file);
        return () => rm(file, { force: true });
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
      }
      const holder = await holderOf(file);
      if (holder !== null) {
        throw new Error(
          `${dir} is in use by process ${holder}; give each device a folder of its own`,
        );
      }
      await rm(file, { force: true });
    }
    throw new Error(`${dir} cannot be locked`);
  } finally {
    await rm(own, { force: true });
  }
}

/** The living process that holds the lock; null: none. */
async function holderOf(file: string): Promise<number | null> {
  try {
    const { pid, started } = JSON.parse(await readFile(file, 'utf8'));
    process.kill(pid, 0);
    return (await startOf(pid)) === started ? pid : null;
  } catch (error) {
    // Another user's process lives too.
    return (error as NodeJS.ErrnoException).code === 'EPERM' ? Number.NaN : null;
  }
}

/** When a process began, in ticks since the boot with the boot's id (proc(5), field 22); null where there is no /proc. */
async function startOf(pid: number): Promise<string | null> {
  try {
    const stat = await readFile(`/proc/${pid}/stat`, 'utf8');
    const boot = await readFile('/proc/sys/kernel/random/boot_id', 'utf8');
    // The second field is the name in parentheses, which may hold blanks.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return `${boot.trim()} ${fields[19]}`;
  } catch {
    return null;
  }
}
