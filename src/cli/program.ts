/** The command line: options that every command takes, and one exit code per kind of failure. */
import { Command, CommanderError, Option } from 'commander';
import { packageVersion } from '../runtime/package-info.js';
import { DEFAULT_PROFILE } from '../runtime/profiles.js';
import { addAnnotate } from './annotate.js';
import { addBench } from './bench.js';
import { addComparator } from './comparator.js';
import { addDoctor } from './doctor.js';
import { addEngines } from './engines.js';
import { addEval } from './eval.js';
import { addFleet } from './fleet.js';
import { exitCodeOf, EXIT, reportError, reportWarnings } from './failure.js';
import { addModels } from './models.js';
import { addProfiles } from './profiles.js';
import { addSegment } from './segment.js';
import { addServe } from './serve.js';
import { addSimulate } from './simulate.js';
import { addTrack } from './track.js';
import { addWatch } from './watch.js';

const EPILOGUE = `
Exit codes:
  0 done   1 failure   2 wrong arguments   3 unreadable input
  4 models, profile or engine not usable   5 output not written   130 interrupted

Examples:
  $ sonotrack segment image.png --point 210,160 --overlay overlay.png
  $ sonotrack track phantom:?frames=60 --point 240,170 --out result
  $ sonotrack serve --source phantom: --embedded-broker
  $ sonotrack doctor`;

export function createProgram(): Command {
  const program = new Command('sonotrack')
    .description('Promptable ultrasound segmentation and contour tracking.')
    .version(packageVersion())
    .addOption(
      new Option('--engine <name>', 'inference engine')
        .choices(['auto', 'native', 'onnxruntime-node'])
        .default('auto'),
    )
    .option('--profile <name>', 'firmware profile: a name, or the path of a file', DEFAULT_PROFILE)
    .option(
      '--models-dir <dir>',
      'folder of a model bundle, or of a store of installed ones (default: the one shipped)',
    )
    .option(
      '--trust <file>',
      'public key (ed25519, PEM); with one, models must be signed by it; repeatable',
      (file: string, before: string[]) => [...before, file],
      [],
    )
    .option('--json', 'machine-readable output', false)
    .option('--quiet', 'no progress, no warnings', false)
    .option('--verbose', 'stack traces of errors', false)
    .addHelpText('after', EPILOGUE)
    .configureOutput({
      outputError: (text, write) => write(text.replace(/^error:/, 'sonotrack:')),
    })
    .exitOverride();
  addSegment(program);
  addTrack(program);
  addServe(program);
  addWatch(program);
  addFleet(program);
  addSimulate(program);
  addEval(program);
  addComparator(program);
  addAnnotate(program);
  addProfiles(program);
  addModels(program);
  addEngines(program);
  addBench(program);
  addDoctor(program);
  return program;
}

/** Runs one command line (without node and script); resolves to its exit code and never rejects. */
export async function run(args: readonly string[]): Promise<number> {
  const program = createProgram();
  const stopWarnings = reportWarnings(() => program.opts().quiet === true);
  try {
    await program.parseAsync(args, { from: 'user' });
    return process.exitCode === undefined ? EXIT.done : Number(process.exitCode);
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.done : EXIT.usage;
    const { json, verbose } = program.opts<{ json: boolean; verbose: boolean }>();
    reportError(error, { json, verbose });
    return exitCodeOf(error);
  } finally {
    stopWarnings();
  }
}
