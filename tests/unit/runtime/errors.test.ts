import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'tap';
import {
  ERROR_CODES,
  ERROR_STAGES,
  SonotrackError,
  isErrorCode,
} from '../../../src/runtime/errors.js';
import { packageRoot } from '../../../src/runtime/package-info.js';

test('an error carries code, stage and cause', async (t) => {
  const cause = new Error('below');
  const error = new SonotrackError('EMPTY_MASK', 'track', 'the mask is empty', { cause });
  t.match(error, { name: 'SonotrackError', code: 'EMPTY_MASK', stage: 'track', cause });
  t.ok(error instanceof Error);
});

test('only listed codes are codes', async (t) => {
  t.ok(isErrorCode('DEVICE_CLOSED'));
  t.notOk(isErrorCode('DEVICE_SHUT'));
});

test('every code and stage is documented', async (t) => {
  const page = readFileSync(join(packageRoot(), 'docs', 'reference', 'errors.md'), 'utf8');
  for (const code of ERROR_CODES) t.ok(page.includes(`\`${code}\``), code);
  for (const stage of ERROR_STAGES) t.ok(page.includes(`\`${stage}\``), stage);
});
