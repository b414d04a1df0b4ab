import { join } from 'node:path';
import { build, type Rolldown } from 'vite';
import { packageRoot } from '../../src/runtime/package-info.js';

/** A module of the page (a file of web/src), built as the page is and loaded into Node. */
export async function loadWebModule<T>(file: string): Promise<T> {
  const built = await build({
    configFile: false,
    logLevel: 'silent',
    build: {
      write: false,
      lib: { entry: join(packageRoot(), 'web', 'src', file), formats: ['es'] },
    },
  });
  const [{ output }] = built as Rolldown.RolldownOutput[];
  const url = `data:text/javascript,${encodeURIComponent(output[0].code)}`;
  return (await import(url)) as T;
}
