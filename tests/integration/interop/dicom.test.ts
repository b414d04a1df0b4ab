/** DICOM of every transfer syntax against pydicom, on files that pydicom, dcmtk and openjpeg write. */
import { existsSync } from 'node:fs';
import { basename, join } from 'node:path';
import { test } from 'tap';
import { openSource } from '../../../src/io/sources/index.js';
import { packageRoot } from '../../../src/runtime/package-info.js';
import { collect } from '../../support/collect.js';
import { runPythonFile, skipWithout } from '../../support/python.js';

const skip =
  skipWithout('pydicom', 'openjpeg', 'libjpeg', 'rle') ||
  (existsSync('/usr/bin/dcmcjpls') ? false : 'no dcmtk in /usr/bin');

interface Reference {
  file: string;
  /** Whether the coding loses nothing on the way from the file. */
  exact: boolean;
  pixels: string;
}

/** Most mean difference of lossy JPEG: decoders may differ in their inverse transform. */
const LOSSY = 1;

/** Files of real scanners, where they lie beside the project. */
const SCANNERS = join(packageRoot(), '../shared/data/dicom');

test('every pixel as pydicom decodes it', { skip }, async (t) => {
  const script = join(packageRoot(), 'tests/integration/interop/dicom_files.py');
  const references = await runPythonFile<Reference[]>(
    script,
    t.testdir(),
    ...(existsSync(SCANNERS) ? [SCANNERS] : []),
  );
  t.ok(references.length > 120, `${references.length} files`);
  for (const { file, exact, pixels } of references) {
    const expected = Buffer.from(pixels, 'base64');
    const source = await openSource(file);
    const decoded = Buffer.concat((await collect(source)).map(({ data }) => data));
    await source.close();
    let [sum, most] = [0, 0];
    for (let i = 0; i < expected.length; i += 1) {
      const difference = Math.abs(decoded[i] - expected[i]);
      sum += difference;
      most = Math.max(most, difference);
    }
    const mean = sum / expected.length;
    const right = decoded.length === expected.length && (exact ? most === 0 : mean <= LOSSY);
    t.ok(right, `${basename(file)}: mean ${mean.toFixed(4)}, most ${most}`);
  }
});
