/** The built page (dist/web), held in memory: nothing else of the disk can be asked for. */
import { readdir, readFile } from 'node:fs/promises';
import { extname, join } from 'node:path';

export interface PageFile {
  type: string;
  body: Uint8Array;
  /** The name holds a hash of the content. */
  immutable: boolean;
}

const TYPES: Record<string, string> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.png': 'image/png',
  '.woff2': 'font/woff2',
};

/** Files of the page by URL path; empty when it has not been built. */
export async function loadPage(folder: string): Promise<Map<string, PageFile>> {
  const files = new Map<string, PageFile>();
  const entries = await readdir(folder, { recursive: true, withFileTypes: true }).catch(() => []);
  for (const entry of entries) {
    const type = TYPES[extname(entry.name)];
    if (!entry.isFile() || !type) continue;
    const file = join(entry.parentPath, entry.name);
    const path = `/${file.slice(folder.length + 1).replaceAll('\\', '/')}`;
    files.set(path, {
      type,
      body: await readFile(file),
      immutable: path.startsWith('/assets/'),
    });
  }
  for (const [path, name] of [
    ['/', '/index.html'],
    ['/dashboard', '/dashboard.html'],
  ]) {
    const file = files.get(name);
    if (file) files.set(path, file);
  }
  return files;
}
