import { resolve } from 'node:path';
import type { Command } from 'commander';
import { DEFAULT_PROFILE, listProfiles, loadProfile } from '../runtime/profiles.js';
import { print, type GlobalOptions } from './shared.js';

const EXAMPLES = `
Examples:
  $ sonotrack profiles list
  $ sonotrack profiles check my-scanner.json`;

export function addProfiles(program: Command): void {
  const profiles = program
    .command('profiles')
    .description('Firmware profiles: what a kind of device can do and is allowed to.')
    .addHelpText('after', EXAMPLES);
  const list = profiles
    .command('list')
    .description('The profiles that are shipped.')
    .action(() => listAll(list.optsWithGlobals()));
  const check = profiles
    .command('check')
    .description('Check a profile file; a mistake is named with its field and what it may hold.')
    .argument('<file>', 'JSON file')
    .action((file: string) => checkFile(file, check.optsWithGlobals()));
}

async function listAll(options: GlobalOptions): Promise<void> {
  const profiles = await listProfiles();
  const width = Math.max(...profiles.map(({ name }) => name.length));
  const text = profiles.map(
    ({ name, description, providers }) =>
      `${name.padEnd(width)}  ${providers.join(' → ').padEnd(21)}  ${description}` +
      (name === DEFAULT_PROFILE ? ' (default)' : ''),
  );
  print(options, profiles, text.join('\n'));
}

async function checkFile(file: string, options: GlobalOptions): Promise<void> {
  // An absolute path is never taken for the name of a shipped profile.
  const profile = await loadProfile(resolve(file));
  print(options, { ok: true, profile }, `${profile.name}: the profile is valid`);
}
