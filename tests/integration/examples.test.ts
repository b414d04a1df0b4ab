/** Every example, and the one in the README, runs as it stands, on the built package. */
import { spawn } from 'node:child_process';
import { generateKeyPairSync } from 'node:crypto';
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'tap';
import { defaultModelsDir } from '../../src/runtime/bundle.js';
import { packageRoot } from '../../src/runtime/package-info.js';
import { Access, loadAuthKey } from '../../src/server/access.js';

const folder = join(packageRoot(), 'examples');
const isBuilt = existsSync(join(packageRoot(), 'dist', 'sdk', 'index.js'));
const hasModels = existsSync(join(defaultModelsDir(), 'manifest.json'));
const skip = isBuilt && hasModels ? false : 'the package has not been built, or has no models';

/** Runs node, in the package's folder unless told otherwise. */
async function run(
  args: string[],
  cwd = packageRoot(),
): Promise<{ code: unknown; stdout: string; stderr: string }> {
  const child = spawn(process.execPath, args, { cwd });
  let [stdout, stderr] = ['', ''];
  child.stdout.on('data', (data: Buffer) => (stdout += data.toString()));
  child.stderr.on('data', (data: Buffer) => (stderr += data.toString()));
  const code = await new Promise((resolve) => child.once('close', resolve));
  return { code, stdout, stderr };
}

for (const name of readdirSync(folder).filter((file) => file.endsWith('.mjs'))) {
  test(`examples/${name} runs and prints an area`, { skip }, async (t) => {
    const { code, stdout, stderr } = await run([join(folder, name)]);
    t.equal(code, 0, stderr);
    t.match(stdout, /\d mm²/);
  });
}

test('the example in the README runs and prints 19 tracked frames', { skip }, async (t) => {
  const readme = readFileSync(join(packageRoot(), 'README.md'), 'utf8');
  const example = /<!-- example:begin[^\n]*\n```js\n([\s\S]*?)```/.exec(readme)?.[1] ?? '';
  t.match(example, /openDevice/);
  const { code, stdout, stderr } = await run(['--input-type=module', '--eval', example]);
  t.equal(code, 0, stderr);
  t.equal(stdout.trim().split('\n').length, 19);
});

test('the token of the how-to lets its bearer operate', async (t) => {
  const page = join(packageRoot(), 'docs', 'how-to', 'serve-on-the-network.md');
  const example = /<!-- example:token[^\n]*\n```js\n([\s\S]*?)```/.exec(readFileSync(page, 'utf8'));
  const { publicKey, privateKey } = generateKeyPairSync('ed25519', {
    publicKeyEncoding: { type: 'spki', format: 'pem' },
    privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
  });
  const cwd = t.testdir({ 'token-private.pem': privateKey, 'token-public.pem': publicKey });
  const args = ['--input-type=module', '--eval', example?.[1] ?? ''];
  const { code, stdout, stderr } = await run(args, cwd);
  t.equal(code, 0, stderr);
  const auth = await loadAuthKey(join(cwd, 'token-public.pem'));
  const access = new Access({
    host: '127.0.0.1',
    auth,
    allowedOrigins: [],
    isTls: false,
    insecure: false,
  });
  t.equal(access.roleOf(stdout.trim()), 'operate');
});
