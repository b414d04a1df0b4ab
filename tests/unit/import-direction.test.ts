/** The lint rule that holds the direction of imports: it must find what it is there for. */
import { ESLint } from 'eslint';
import { test } from 'tap';
import { packageRoot } from '../../src/runtime/package-info.js';

const eslint = new ESLint({ cwd: packageRoot() });

async function messages(filePath: string, code: string): Promise<string[]> {
  const [result] = await eslint.lintText(code, { filePath });
  return result.messages
    .filter(({ ruleId }) => ruleId === 'no-restricted-imports')
    .map(({ message }) => message);
}

test('imports against the direction are found', async (t) => {
  for (const [file, imported] of [
    ['src/runtime/x.ts', '../sdk/mask.js'],
    ['src/runtime/fallback/x.ts', '../../sdk/mask.js'],
    ['src/sdk/x.ts', '../io/sources/index.js'],
    ['src/sdk/index.ts', '../cli/main.js'],
    ['src/io/writers/x.ts', '../../cli/main.js'],
    ['src/live/x.ts', '../server/server.js'],
    ['src/server/x.ts', '../telemetry/telemetry.js'],
    ['src/telemetry/x.ts', '../server/server.js'],
    ['src/telemetry/x.ts', '../fleet/host.js'],
    ['src/fleet/x.ts', '../cli/main.js'],
    ['src/sdk/x.ts', 'pkg-prebuilds'],
    ['src/runtime/x.ts', 'onnxruntime-node'],
    ['src/runtime/native.ts', 'onnxruntime-node'],
    ['src/cli/x.ts', '../../build/Release/sonotrack.node'],
  ]) {
    const found = await messages(file, `import { x } from '${imported}';\nexport const y = x;\n`);
    t.equal(found.length, 1, `${file} imports ${imported}`);
    const reexported = await messages(file, `export { x } from '${imported}';\n`);
    t.equal(reexported.length, 1, `${file} re-exports ${imported}`);
  }
});

test('imports along the direction pass', async (t) => {
  for (const [file, imported] of [
    ['src/sdk/x.ts', '../runtime/errors.js'],
    ['src/io/sources/x.ts', '../../sdk/types.js'],
    ['src/live/x.ts', '../sdk/types.js'],
    ['src/server/x.ts', '../live/index.js'],
    ['src/cli/x.ts', '../server/server.js'],
    ['src/fleet/x.ts', '../telemetry/topics.js'],
    ['src/sdk/index.ts', '../io/sources/index.js'],
    ['src/runtime/fallback/x.ts', 'onnxruntime-node'],
    ['src/runtime/native.ts', 'pkg-prebuilds'],
  ]) {
    const found = await messages(file, `import { x } from '${imported}';\nexport const y = x;\n`);
    t.same(found, [], `${file} imports ${imported}`);
  }
});
