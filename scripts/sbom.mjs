// The software bill of materials of the package (CycloneDX 1.5): what `npm sbom` knows, and the models.
//
//   node scripts/sbom.mjs [--out dist/sbom.cdx.json] [--licences docs/reference/licences.md]
//
// Everything that is installed with the package is in it, nothing that only builds or tests it. Without time stamp and serial
// number, so that the same versions give the same file. --licences also writes the table of licences.
import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

const ROOT = join(dirname(fileURLToPath(import.meta.url)), '..');
const MODELS = 'models/lite';

const { values: options } = parseArgs({
  options: {
    out: { type: 'string', default: join(ROOT, 'dist/sbom.cdx.json') },
    licences: { type: 'string' },
  },
});

/** The graphs of the shipped bundle, each with its hash and the licences of what it was trained on. */
function models() {
  const manifest = JSON.parse(readFileSync(join(ROOT, MODELS, 'manifest.json'), 'utf8'));
  return Object.entries(manifest.files)
    .filter(([name]) => name.endsWith('.onnx'))
    .map(([name, { sha256 }]) => ({
      'bom-ref': `${MODELS}/${name}`,
      type: 'machine-learning-model',
      name: `${MODELS}/${name}`,
      version: manifest.version,
      licenses: [{ license: { id: 'Apache-2.0' } }],
      hashes: [{ alg: 'SHA-256', content: sha256 }],
      modelCard: {
        modelParameters: {
          datasets: manifest.trainingData.map(({ set, licence, citation }) => ({
            type: 'dataset',
            name: set,
            description: `${licence}. ${citation}`,
          })),
        },
      },
    }));
}

function bill() {
  const text = execFileSync('npm', ['sbom', '--sbom-format', 'cyclonedx', '--omit', 'dev'], {
    cwd: ROOT,
    encoding: 'utf8',
    maxBuffer: 1 << 26,
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  const { serialNumber: _serial, metadata, components, ...rest } = JSON.parse(text);
  const { timestamp: _time, tools: _tools, ...kept } = metadata;
  const byRef = (a, b) => (a['bom-ref'] < b['bom-ref'] ? -1 : 1);
  return {
    ...rest,
    // npm names the component after the folder
    metadata: { ...kept, component: { ...metadata.component, name: 'sonotrack' } },
    components: [...components.sort(byRef), ...models()],
  };
}

const licenceOf = ({ licenses = [] }) =>
  licenses.map(({ license, expression }) => expression ?? license.id ?? license.name).join(', ') ||
  'unknown';

function licenceTable({ components }) {
  const packages = components.filter(({ type }) => type === 'library');
  const byLicence = new Map();
  for (const { name, version, ...rest } of packages) {
    const names = byLicence.get(licenceOf(rest)) ?? new Set();
    byLicence.set(licenceOf(rest), names.add(`${name} ${version}`));
  }
  const rows = [...byLicence]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([licence, names]) => `| ${licence} | ${[...names].join(', ')} |`);
  return `# Licences

What is installed with sonotrack (Apache-2.0), by licence. Written by \`node scripts/sbom.mjs --licences\`; the bill of materials
itself is \`dist/sbom.cdx.json\` of the package (CycloneDX).

| licence | packages |
|---|---|
${rows.join('\n')}

The graphs of \`${MODELS}\` are Apache-2.0; what they were trained on, and under which licences, is in the
[model card](../../${MODELS}/MODEL_CARD.md).
`;
}

function write(file, text) {
  const path = resolve(file);
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(`${path}.partial`, text);
  renameSync(`${path}.partial`, path);
}

const value = bill();
write(options.out, `${JSON.stringify(value, null, 2)}\n`);
if (options.licences) write(options.licences, licenceTable(value));
