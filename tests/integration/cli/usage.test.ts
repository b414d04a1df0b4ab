/** What the command line says without models: help, mistakes, exit codes. */
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { test } from 'tap';
import { runBatch, runCli } from '../../support/cli.js';

const COMMANDS = ['segment', 'track', 'serve', 'profiles', 'models', 'doctor'];

test('help and version go to standard output with exit code 0', async (t) => {
  const [help, version, ...commands] = await runBatch([
    ['--help'],
    ['--version'],
    ...COMMANDS.map((command) => [command, '--help']),
  ]);
  t.equal(help.code, 0);
  t.match(help.stdout, /segment.*track.*serve.*Exit codes:.*Examples:/s);
  t.match(version.stdout, /^\d+\.\d+\.\d+\n$/);
  for (const [i, { code, stdout }] of commands.entries()) {
    t.equal(code, 0, COMMANDS[i]);
    t.match(stdout, /Examples:\n {2}\$ sonotrack/, COMMANDS[i]);
  }
});

test('wrong arguments end with exit code 2 and one line that says what was expected', async (t) => {
  const cases: [string[], RegExp][] = [
    [['segmnt'], /unknown command 'segmnt'/],
    [['segment'], /missing required argument/],
    [['segment', 'a.png'], /at least one --point or a --box/],
    [['segment', 'a.png', '--point', '1;2'], /expected x,y/],
    [['segment', 'a.png', '--pont', '1,2'], /unknown option '--pont'/],
    [['track', 'phantom:', '--point', '1,2'], /--out/],
    [['track', 'phantom:?frames=0', '--point', '1,2', '--out', 'x'], /a source that ends/],
    [['track', 'phantom:?sed=1', '--point', '1,2', '--out', 'x'], /did you mean `seed`/],
    [['track', 'phantom:', '--out', 'x'], /at least one --point or a --box/],
    [['track', 'phantom:', '--point', '1,2', '--interactive-gt', 'x'], /no --point and no --box/],
    [['track', 'phantom:', '--point', '1,2', '--out', 'x', '--from-slice', '3'], /a volume/],
    [['track', 'phantom:', '--point', '1,2', '--out', 'x', '--from-slice', '-1'], /an integer ≥ 0/],
    [['--engine', 'tpu', 'doctor'], /Allowed choices are/],
    [['serve', '--port', '70000'], /a port from 0 to 65535/],
    [['serve', '--host', '0.0.0.0'], /a loopback address/],
    [['serve', '--device-id', 'a/b'], /letters, digits/],
    [['serve', '--mqtt', 'mqtt://x', '--embedded-broker', '0'], /not both/],
  ];
  const runs = await runBatch(cases.map(([args]) => args));
  for (const [i, [args, message]] of cases.entries()) {
    const { code, stdout, stderr } = runs[i];
    t.equal(code, 2, args.join(' '));
    t.match(stderr, message);
    t.match(stderr, /^sonotrack: /);
    t.equal(stdout, '');
    t.notMatch(stderr, /\n\s+at /, 'no stack');
  }
});

test('unreadable input ends with exit code 3, models that are missing with 4', async (t) => {
  const folder = t.testdir({ 'text.png': 'text' });
  const [missing, text, models, json] = await runBatch([
    ['segment', join(folder, 'no.png'), '--point', '1,1'],
    ['segment', join(folder, 'text.png'), '--point', '1,1'],
    ['models', 'verify', folder],
    ['--json', 'models', 'verify', folder],
  ]);
  t.equal(missing.code, 3);
  t.match(missing.stderr, /^sonotrack: .*\[SOURCE_NOT_FOUND\] \(.*\)\n$/);
  t.equal(text.code, 3);
  t.equal(models.code, 4);
  t.match(models.stderr, /MODEL_NOT_FOUND/);
  t.match(JSON.parse(json.stderr), { error: { code: 'MODEL_NOT_FOUND', hint: /--models-dir/ } });
});

test('an exit code reaches the shell', async (t) => {
  const { code, stderr } = await runCli('segment');
  t.equal(code, 2);
  t.match(stderr, /missing required argument/);
});

test('profiles are listed, and a wrong one is told with its field', async (t) => {
  const [list, all] = await runBatch([
    ['profiles', 'list'],
    ['profiles', 'list', '--json'],
  ]);
  t.equal(list.code, 0);
  t.match(list.stdout, /x86-cpu.*\(default\)/);
  const profiles = JSON.parse(all.stdout) as { name: string }[];
  const profile = profiles.find(({ name }) => name === 'x86-cpu');

  const folder = t.testdir({
    'mine.json': JSON.stringify({ ...profile, name: 'mine' }),
    'bad.json': JSON.stringify({ ...profile, name: 'bad', threads: 0 }),
  });
  const [good, bad] = await runBatch([
    ['profiles', 'check', join(folder, 'mine.json')],
    ['profiles', 'check', join(folder, 'bad.json')],
  ]);
  t.match(good, { code: 0, stdout: 'mine: the profile is valid\n' });
  t.equal(bad.code, 4);
  t.match(bad.stderr, /`threads`/);
});

test('doctor tells what is wrong and how to mend it, with exit code 1', async (t) => {
  const folder = t.testdir();
  const { code, stdout } = await runCli('doctor', '--models-dir', folder, '--json');
  t.equal(code, 1);
  const { ok, findings } = JSON.parse(stdout);
  t.equal(ok, false);
  const names = findings.map(({ name }: { name: string }) => name);
  t.same(names, ['node', 'addon', 'profile', 'models', 'engine', 'server', 'cpu', 'memory']);
  const models = findings.find(({ name }: { name: string }) => name === 'models');
  t.match(models, { status: 'fail', detail: /MODEL_NOT_FOUND/, fix: /--models-dir/ });
});

test('only what serves loads the native library of the server', async (t) => {
  const hook = join(
    t.testdir({
      'hook.cjs': `const Module = require('node:module');
const load = Module._load;
Module._load = function (request, ...rest) {
  if (/uws|uWebSockets/.test(request)) throw new Error('it does not load on this board');
  return load.call(this, request, ...rest);
};`,
    }),
    'hook.cjs',
  );
  const main = fileURLToPath(new URL('../../../src/cli/main.js', import.meta.url));
  const run = (...args: string[]) =>
    spawnSync(process.execPath, ['--require', hook, main, ...args], { encoding: 'utf8' });
  t.match(run('profiles', 'list'), { status: 0, stdout: /x86-cpu/ });
  t.match(run('serve', '--source', 'ingest:', '--quiet'), {
    status: 1,
    stderr: /it does not load on this board/,
  });
});
