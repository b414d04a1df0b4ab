/** Every example runs as it stands, on the built package. */
import { spawn } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'tap';
import { defaultModelsDir } from '../../src/runtime/bundle.js';
import { packageRoot } from '../../src/runtime/package-info.js';

const folder = join(packageRoot(), 'examples');
const isBuilt = existsSync(join(packageRoot(), 'dist', 'sdk', 'index.js'));
const hasModels = existsSync(join(defaultModelsDir(), 'manifest.json'));
const skip = isBuilt && hasModels ? false : 'the package has not been built, or has no models';

for (const name of readdirSync(folder).filter((file) => file.endsWith('.mjs'))) {
  test(`examples/${name} runs and prints an area`, { skip }, async (t) => {
    const child = spawn(process.execPath, [join(folder, name)]);
    let [stdout, stderr] = ['', ''];
    child.stdout.on('data', (data: Buffer) => (stdout += data.toString()));
    child.stderr.on('data', (data: Buffer) => (stderr += data.toString()));
    const code = await new Promise((resolve) => child.once('close', resolve));
    t.equal(code, 0, stderr);
    t.match(stdout, /\d mm²/);
  });
}
