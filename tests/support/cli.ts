/** Runs the command line as a user does: in a process of its own. */
import { spawn, type ChildProcessWithoutNullStreams } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

const MAIN = fileURLToPath(new URL('../../src/cli/main.js', import.meta.url));

const BATCH = fileURLToPath(new URL('./cli-batch.js', import.meta.url));

export interface Run {
  code: number | null;
  stdout: string;
  stderr: string;
}

/** Runs one command line. */
export function runCli(...args: string[]): Promise<Run> {
  return runScript(MAIN, args);
}

/** Runs several in one process; they must not need a terminal or signals. */
export async function runBatch(commands: string[][]): Promise<Run[]> {
  const { code, stdout, stderr } = await runScript(BATCH, [JSON.stringify(commands)]);
  if (code !== 0) throw new Error(`the batch ended with exit code ${code}: ${stderr}`);
  return JSON.parse(stdout) as Run[];
}

async function runScript(script: string, args: string[]): Promise<Run> {
  const child = spawn(process.execPath, [script, ...args]);
  const run: Run = { code: null, stdout: '', stderr: '' };
  child.stdout.on('data', (data: Buffer) => (run.stdout += data.toString()));
  child.stderr.on('data', (data: Buffer) => (run.stderr += data.toString()));
  run.code = await new Promise((resolve) => child.once('close', resolve));
  return run;
}

export interface Serving {
  /** The first line on standard output. */
  ready: string;
  url: string;
  mqttUrl: string;
  child: ChildProcessWithoutNullStreams;
  /** What it wrote on standard error so far. */
  stderr(): string;
  /** The exit code, once it has ended. */
  ended: Promise<number | null>;
  /** Sends the signal and resolves to the exit code. */
  stop(signal?: NodeJS.Signals): Promise<number | null>;
}

/** Starts `serve` on free ports and waits until it is ready. */
export const serve = (...args: string[]): Promise<Serving> =>
  startServing('serve', '--quiet', '--port', '0', '--embedded-broker', '0', ...args);

/** The same on a broker that runs already, and not quiet. */
export const serveOn = (mqttUrl: string, ...args: string[]): Promise<Serving> =>
  startServing('serve', '--port', '0', '--mqtt', mqttUrl, ...args);

/** Starts `annotate` on a free port and waits until it is ready. */
export const annotate = (folder: string, ...args: string[]): Promise<Serving> =>
  startServing('annotate', folder, '--quiet', '--port', '0', ...args);

async function startServing(command: string, ...args: string[]): Promise<Serving> {
  const child = spawn(process.execPath, [MAIN, command, ...args]);
  let stderr = '';
  child.stderr.on('data', (data: Buffer) => (stderr += data.toString()));
  const ended = new Promise<number | null>((resolve) => child.once('close', resolve));
  const ready = await new Promise<string>((resolve, reject) => {
    createInterface({ input: child.stdout }).once('line', resolve);
    void ended.then((code) =>
      reject(new Error(`${command} ended with exit code ${code}: ${stderr}`)),
    );
  });
  const [, url, mqttUrl] = ready.split(' ');
  return {
    ready,
    url,
    mqttUrl,
    child,
    stderr: () => stderr,
    ended,
    stop(signal = 'SIGTERM') {
      child.kill(signal);
      return ended;
    },
  };
}
