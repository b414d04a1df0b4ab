/** NIfTI against nibabel, both ways. */
import { join } from 'node:path';
import { test } from 'tap';
import { openSource } from '../../../src/io/sources/index.js';
import { NiftiWriter } from '../../../src/io/writers/nifti.js';
import { collect } from '../../support/collect.js';
import { runPython, skipWithout } from '../../support/python.js';

const skip = skipWithout('nibabel', 'numpy');

/** Writes files of several types and versions; prints what nibabel itself reads from them. */
const WRITE = `
import json, sys, numpy as np, nibabel as nib
from nibabel.affines import from_matvec
from nibabel.eulerangles import euler2mat
folder, cases = sys.argv[1], []
rng = np.random.default_rng(1)
affine = from_matvec(euler2mat(0.3, -0.2, 2.9) @ np.diag([0.3, 0.2, 1.5]), [-12.5, 40, 7])
for cls, dtype, ext, forms in [(nib.Nifti1Image, 'u1', 'nii', 's'), (nib.Nifti1Image, '>i2', 'nii', 'q'),
                               (nib.Nifti2Image, '<u2', 'nii', 'sq'), (nib.Nifti1Image, 'f4', 'nii.gz', 'q')]:
    data = rng.integers(0, 200, (7, 5, 4)).astype(dtype)
    image = cls(data, None, cls.header_class(endianness=dtype[0]) if dtype[0] in '<>' else None)
    image.header.set_xyzt_units('mm', 'sec')
    image.set_sform(affine if 's' in forms else None, 1 if 's' in forms else 0)
    image.set_qform(affine if 'q' in forms else None, 2 if 'q' in forms else 0)
    image.header.set_zooms([0.3, 0.2, 1.5])
    path = f'{folder}/{len(cases)}.{ext}'
    nib.save(image, path)
    read = nib.load(path)
    cases.append({'path': path, 'affine': read.affine.ravel().tolist(), 'zooms': [float(z) for z in read.header.get_zooms()],
                  'frames': [np.asarray(read.dataobj)[:, :, k].T.astype(int).ravel().tolist() for k in range(4)]})
print(json.dumps(cases))
`;

interface Case {
  path: string;
  affine: number[];
  zooms: number[];
  frames: number[][];
}

const READ = `
import json, sys, numpy as np, nibabel as nib
image = nib.load(sys.argv[1])
data = np.asarray(image.dataobj)
print(json.dumps({'affine': image.affine.ravel().tolist(), 'zooms': [float(z) for z in image.header.get_zooms()],
                  'units': image.header.get_xyzt_units(), 'shape': data.shape, 'data': data.T.ravel().tolist()}))
`;

const close = (a: readonly number[], b: readonly number[]): boolean =>
  a.length === b.length && a.every((value, i) => Math.abs(value - b[i]) < 1e-4);

test('volumes that nibabel wrote: samples, spacing and place are the same', { skip }, async (t) => {
  const cases = await runPython<Case[]>(WRITE, t.testdir());
  t.equal(cases.length, 4);
  for (const { path, affine, zooms, frames } of cases) {
    const source = await openSource(path);
    const { spacingMm, volume } = source.info;
    t.ok(close([spacingMm?.x ?? 0, spacingMm?.y ?? 0, volume?.sliceSpacingMm ?? 0], zooms), path);
    t.ok(close(volume?.affine ?? [], affine), `place of ${path}`);
    t.same(
      (await collect(source)).map(({ data }) => [...data]),
      frames,
    );
    await source.close();
  }
});

test('label maps that nibabel reads: a volume and pictures over time', { skip }, async (t) => {
  const folder = t.testdir();
  const maps = Array.from({ length: 6 }, (_, k) =>
    Uint8Array.from({ length: 15 }, (_, i) => i + k),
  );
  const affine = [0, 0, 2, 1, -0.5, 0, 0, 2, 0, -0.25, 0, 3, 0, 0, 0, 1];
  const size = { widthPx: 5, heightPx: 3, spacingMm: { x: 0.5, y: 0.25 } };
  const places = {
    'volume.nii.gz': { frameRateHz: null, volume: { slices: 6, sliceSpacingMm: 2, affine } },
    'cine.nii': { frameRateHz: 25 },
  };
  for (const [name, place] of Object.entries(places)) {
    const path = join(folder, name);
    const writer = await NiftiWriter.create(path, { ...size, ...place });
    for (const map of maps) await writer.write(map);
    await writer.finish();
    const read = await runPython<{
      affine: number[];
      zooms: number[];
      units: string[];
      shape: number[];
      data: number[];
    }>(READ, path);
    t.same(
      read.data,
      maps.flatMap((map) => [...map]),
    );
    if (name === 'cine.nii') {
      t.same(read.shape, [5, 3, 1, 6]);
      t.ok(close(read.zooms, [0.5, 0.25, 1, 0.04]));
      t.same(read.units, ['mm', 'sec']);
    } else {
      t.same(read.shape, [5, 3, 6]);
      t.ok(close(read.affine, affine));
    }
  }
});
