/** Compiles proto/live.proto into src/wire/generated: a static module, since a page's content security policy allows no eval. */
import { mkdirSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import cli from 'protobufjs-cli';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const source = join(root, 'proto', 'live.proto');
const target = join(root, 'src', 'wire', 'generated', 'live.js');

const modified = (file) => statSync(file, { throwIfNoEntry: false })?.mtimeMs ?? 0;
if (modified(target) < Math.max(modified(source), modified(fileURLToPath(import.meta.url)))) {
  mkdirSync(dirname(target), { recursive: true });
  const options =
    '--target static-module --wrap esm --dts --no-create --no-verify --no-convert --no-delimited --no-typeurl';
  await promisify(cli.pbjs.main)([...options.split(' '), '--out', target, source]);
}
