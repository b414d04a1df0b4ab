import { test } from 'tap';
import { readCpuFlags, signedWeightsSaturate } from '../../../src/runtime/cpu.js';

test('unsigned weights are asked for on x86 without VNNI alone', async (t) => {
  const isX86 = process.arch === 'x64';
  t.equal(signedWeightsSaturate(new Set(['avx2'])), isX86);
  t.equal(signedWeightsSaturate(null), isX86, 'where nothing is known, the exact way');
  t.notOk(signedWeightsSaturate(new Set(['avx2', 'avx512_vnni'])));
  t.notOk(signedWeightsSaturate(new Set(['avx2', 'avx_vnni'])));
});

test('features of this processor', async (t) => {
  const flags = await readCpuFlags();
  if (process.platform === 'linux') t.ok(flags && flags.size > 0);
  else t.equal(flags, null);
});
