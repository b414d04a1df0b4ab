import type { Command } from 'commander';
import { examine, type Finding } from './examination.js';
import { EXIT } from './failure.js';
import { print, type GlobalOptions } from './shared.js';

const EXAMPLES = `
Each line is ok, warn (it works, but could be better) or fail (it does not work), with what to do about it.
The exit code is 1 when something fails.

Examples:
  $ sonotrack doctor
  $ sonotrack doctor --engine native --profile jetson-orin-nano --json`;

export function addDoctor(program: Command): void {
  const doctor = program
    .command('doctor')
    .description('What was found on this machine, and how to mend what is missing.')
    .addHelpText('after', EXAMPLES)
    .action(() => diagnose(doctor.optsWithGlobals()));
}

async function diagnose(options: GlobalOptions): Promise<void> {
  const findings = await examine(options);
  const ok = findings.every(({ status }) => status !== 'fail');
  print(options, { ok, findings }, findings.map(describe).join('\n'));
  if (!ok) process.exitCode = EXIT.failure;
}

function describe({ name, status, detail, fix }: Finding): string {
  return `${status.padEnd(4)}  ${name.padEnd(12)}  ${detail}${fix ? `\n${' '.repeat(20)}→ ${fix}` : ''}`;
}
