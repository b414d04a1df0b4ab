import { test } from 'tap';
import { exitCodeOf, explain, Interrupted, UsageError } from '../../../src/cli/failure.js';
import { ERROR_CODES, SonotrackError, type ErrorCode } from '../../../src/runtime/errors.js';
import { rangeError, typeError } from '../../../src/runtime/validate.js';

const failed = (code: ErrorCode): SonotrackError => new SonotrackError(code, 'source', 'it failed');

test('every kind of failure has its exit code', async (t) => {
  t.equal(exitCodeOf(new Error('x')), 1);
  t.equal(exitCodeOf(failed('INFERENCE_FAILED')), 1);
  t.equal(exitCodeOf(new UsageError('x')), 2);
  t.equal(exitCodeOf(rangeError('1', 'a', 2)), 2);
  t.equal(exitCodeOf(typeError('1', 'a', 2)), 2);
  t.equal(exitCodeOf(failed('SOURCE_NOT_FOUND')), 3);
  t.equal(exitCodeOf(failed('MODEL_FILE_ALTERED')), 4);
  t.equal(exitCodeOf(failed('PROFILE_INVALID')), 4);
  t.equal(exitCodeOf(failed('ENGINE_UNAVAILABLE')), 4);
  t.equal(exitCodeOf(failed('WRITE_FAILED')), 5);
  t.equal(exitCodeOf(new Interrupted('x')), 130);
});

test('a mistake in the program is not blamed on the arguments', async (t) => {
  t.equal(exitCodeOf(new TypeError('x is not a function')), 1);
});

test('an error is explained by its code, its message and a hint where there is one', async (t) => {
  t.match(explain(failed('MODEL_NOT_FOUND')), {
    code: 'MODEL_NOT_FOUND',
    message: 'it failed',
    hint: /--models-dir/,
  });
  t.equal(explain(failed('INFERENCE_FAILED')).hint, null);
  t.match(explain(new UsageError('x')), { code: 'USAGE', hint: /--help/ });
  t.same(explain('thrown text'), { code: 'FAILED', message: 'thrown text', hint: null });
  for (const code of ERROR_CODES) t.equal(explain(failed(code)).code, code);
});
