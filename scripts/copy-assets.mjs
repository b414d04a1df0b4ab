/** Copies the files of src that tsc passes over (JSON schemas, protocol files) into the folder given, default dist. */
import { cpSync, readdirSync } from 'node:fs';
import { dirname, extname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const ASSETS = new Set(['.json', '.proto', '.html']);
const root = dirname(dirname(fileURLToPath(import.meta.url)));
const target = join(root, process.argv[2] ?? 'dist');

for (const name of readdirSync(join(root, 'src'), { recursive: true })) {
  if (ASSETS.has(extname(name))) cpSync(join(root, 'src', name), join(target, name));
}
