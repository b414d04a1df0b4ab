/** Python with other projects' readers, which tests hold this project's files against. */
import {
  execFile,
  execFileSync,
  spawn,
  type ChildProcessWithoutNullStreams,
} from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { packageRoot } from '../../src/runtime/package-info.js';

const python = process.env.SONOTRACK_TEST_PYTHON ?? join(packageRoot(), '.venv/bin/python');

/** Why tests that need these modules cannot run here; false when they can. */
export function skipWithout(...modules: string[]): string | false {
  const missing = `no ${modules.join(', ')} in ${python} (pip install -r tests/requirements.txt)`;
  if (!existsSync(python)) return missing;
  try {
    execFileSync(python, ['-c', `import ${modules.join(', ')}`], { stdio: 'ignore' });
    return false;
  } catch {
    return missing;
  }
}

/** Runs a program; what it prints is JSON. Arguments are in `sys.argv[1:]`. */
export const runPython = <T>(program: string, ...args: string[]): Promise<T> =>
  run<T>(['-c', program, ...args]);

/** Runs a file; what it prints is JSON. */
export const runPythonFile = <T>(file: string, ...args: string[]): Promise<T> =>
  run<T>([file, ...args]);

/** Starts a program that goes on; arguments are in `sys.argv[1:]`. */
export const startPython = (program: string, ...args: string[]): ChildProcessWithoutNullStreams =>
  spawn(python, ['-u', '-c', program, ...args]);

async function run<T>(args: string[]): Promise<T> {
  const { stdout } = await promisify(execFile)(python, args, { maxBuffer: 256 * 2 ** 20 });
  return JSON.parse(stdout || 'null') as T;
}
