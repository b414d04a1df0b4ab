/** Copies the files of src that tsc passes over (JSON schemas, generated modules) into the folder given, default dist. */
import { cpSync, readdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const ASSETS = ['.json', '.html', '.js', '.d.ts'];
const root = dirname(dirname(fileURLToPath(import.meta.url)));
const target = join(root, process.argv[2] ?? 'dist');

for (const name of readdirSync(join(root, 'src'), { recursive: true })) {
  if (ASSETS.some((ending) => name.endsWith(ending)))
    cpSync(join(root, 'src', name), join(target, name));
}
