import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const NAME = 'sonotrack';

let found: { root: string; version: string } | null = null;

function packageInfo(): { root: string; version: string } {
  if (found) return found;
  // The code lies at different depths in a checkout, in the installed package and in the compiled tests.
  for (let folder = dirname(fileURLToPath(import.meta.url)); ; folder = dirname(folder)) {
    const file = join(folder, 'package.json');
    if (existsSync(file)) {
      const manifest = JSON.parse(readFileSync(file, 'utf8')) as { name: string; version: string };
      if (manifest.name === NAME) return (found = { root: folder, version: manifest.version });
    }
    if (folder === dirname(folder)) throw new Error(`package.json of ${NAME} not found`);
  }
}

/** Absolute path of the package's own folder: it holds models/, firmware-profiles/ and the addon. */
export const packageRoot = (): string => packageInfo().root;

export const packageVersion = (): string => packageInfo().version;
