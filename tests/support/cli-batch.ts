/**
 * Runs several command lines, given as a JSON array of arrays in the first argument, one after the other in this process,
 * and prints their exit codes and outputs as JSON: starting a process for each would take most of the time.
 */
import { run } from '../../src/cli/program.js';
import type { Run } from './cli.js';

const commands = JSON.parse(process.argv[2]) as string[][];
const write = process.stdout.write.bind(process.stdout);
const runs: Run[] = [];
for (const args of commands) {
  const result: Run = { code: null, stdout: '', stderr: '' };
  const capture = (stream: 'stdout' | 'stderr') => (text: string | Uint8Array) => {
    result[stream] += String(text);
    return true;
  };
  process.stdout.write = capture('stdout') as typeof process.stdout.write;
  process.stderr.write = capture('stderr') as typeof process.stderr.write;
  process.exitCode = undefined;
  result.code = await run(args);
  runs.push(result);
}
process.exitCode = 0;
write(JSON.stringify(runs));
