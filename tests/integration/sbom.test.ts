/** The bill of materials: all that is installed, the models with their hashes, and no licence that nobody looked at. */
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'tap';
import { packageRoot } from '../../src/runtime/package-info.js';

/** Each was read: what is linked or bundled may be given on by a scanner maker, with its notice. */
const LOOKED_AT = new Set([
  'MIT',
  'ISC',
  'Apache-2.0',
  'BSD-2-Clause',
  'BSD-3-Clause',
  '(MIT AND Zlib)',
  '(MIT OR CC0-1.0)',
  '(BSD-2-Clause OR MIT OR Apache-2.0)',
  'EPL-2.0', // sparkplug-payload, used as it is
  'LGPL-3.0-or-later', // libvips, a shared library of its own
]);

interface Component {
  type: string;
  name: string;
  version: string;
  hashes?: { alg: string; content: string }[];
  licenses?: { license?: { id?: string }; expression?: string }[];
}

test('the bill of materials lists dependencies and models, the same way twice', (t) => {
  const root = packageRoot();
  const dir = t.testdir();
  const [first, second] = ['a.json', 'b.json'].map((name) => {
    const out = join(dir, name);
    execFileSync(process.execPath, [join(root, 'scripts/sbom.mjs'), '--out', out]);
    return readFileSync(out, 'utf8');
  });
  t.equal(first, second);
  const bill = JSON.parse(first);
  t.match(bill, { bomFormat: 'CycloneDX', metadata: { component: { name: 'sonotrack' } } });
  const components = bill.components as Component[];

  const { dependencies } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
  const names = new Set(components.map(({ name }) => name));
  t.same(
    Object.keys(dependencies).filter((name) => !names.has(name)),
    [],
    'every dependency is in it',
  );
  t.notOk(names.has('typescript'), 'what only builds is not');

  const { files } = JSON.parse(readFileSync(join(root, 'models/lite/manifest.json'), 'utf8'));
  const graphs = components.filter(({ type }) => type === 'machine-learning-model');
  t.equal(graphs.length, 5);
  for (const { name, hashes } of graphs) {
    t.equal(hashes?.[0].content, files[name.replace('models/lite/', '')].sha256, name);
  }

  const unread = components.filter(({ licenses = [] }) => {
    const [{ license, expression } = {}] = licenses;
    return !LOOKED_AT.has(expression ?? license?.id ?? 'none');
  });
  t.same(
    unread.map(({ name, version }) => `${name} ${version}`),
    [],
    'a dependency with a licence that nobody looked at',
  );
  t.end();
});
