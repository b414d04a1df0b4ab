import { test } from 'tap';
import { examineCpu, examineMemory, examineNode } from '../../../src/cli/examination.js';

test('Node before version 20 fails', async (t) => {
  t.match(examineNode('18.20.0'), { status: 'fail', fix: /install Node/ });
  t.match(examineNode('20.0.0'), { status: 'ok', fix: null });
  t.match(examineNode('24.1.0'), { status: 'ok' });
});

test('a processor without INT8 instructions is warned about, an unknown one is not', async (t) => {
  t.match(examineCpu('x64', new Set(['avx2', 'avx512_vnni'])), { status: 'ok', detail: /vnni/ });
  t.match(examineCpu('x64', new Set(['avx2'])), {
    status: 'warn',
    detail: /no avx512_vnni or avx_vnni$/,
  });
  t.match(examineCpu('x64', new Set(['sse2'])), { status: 'warn', detail: /no avx2/ });
  t.match(examineCpu('arm64', new Set(['asimd', 'asimddp'])), { status: 'ok', detail: /asimddp/ });
  t.match(examineCpu('x64', null), { status: 'ok', detail: /unknown/ });
  t.match(examineCpu('riscv64', new Set(['v'])), { status: 'ok', detail: /unknown/ });
});

test('free memory is held against the ceiling of the profile', async (t) => {
  const mb = 2 ** 20;
  t.match(examineMemory({ memoryCeilingMb: 1024 }, 2000 * mb, 4000 * mb), { status: 'ok' });
  t.match(examineMemory({ memoryCeilingMb: 1024 }, 1000 * mb, 4000 * mb), { status: 'warn' });
  t.match(examineMemory(null, 600 * mb, 4000 * mb), { status: 'ok' });
  t.match(examineMemory({ memoryCeilingMb: null }, 500 * mb, 4000 * mb), { status: 'warn' });
});
