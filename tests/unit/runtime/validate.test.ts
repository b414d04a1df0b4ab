import { test } from 'tap';
import {
  checkBoolean,
  checkInteger,
  checkNumber,
  checkObject,
  checkOneOf,
  checkString,
  describe,
  nearest,
} from '../../../src/runtime/validate.js';
import { thrown } from '../../support/rejection.js';

test('describe names the value and its type, and never the content of a buffer', async (t) => {
  t.equal(describe(5), '5 (number)');
  t.equal(describe(NaN), 'NaN (number)');
  t.equal(describe('a'), '"a" (string)');
  t.equal(describe(7n), '7n (bigint)');
  t.equal(describe(null), 'null (null)');
  t.equal(describe(undefined), 'undefined (undefined)');
  t.equal(describe([1, NaN, 2n]), '[1,"NaN","2n"] (array)');
  t.equal(describe(new Uint8Array([1, 2, 3])), 'Uint8Array(3) (object)');
  t.equal(describe({ secret: 1 }), 'Object (object)');
  t.equal(describe('x'.repeat(200)).length < 100, true);
});

test('nearest suggests a name that is a few edits away, and none that is not', async (t) => {
  t.equal(nearest('modelDir', ['profile', 'modelsDir', 'engine']), 'modelsDir');
  t.equal(nearest('ENGINE', ['profile', 'modelsDir', 'engine']), 'engine');
  t.equal(nearest('zzz', ['profile', 'modelsDir', 'engine']), null);
});

test('checkObject rejects an unknown name and suggests the nearest', async (t) => {
  t.same(checkObject({ a: 1 }, 'options', ['a', 'b']), { a: 1 });
  const error = thrown(() => checkObject({ maxObject: 1 }, 'options', ['maxObjects']));
  t.ok(error instanceof TypeError);
  t.equal(
    error.message,
    'expected only `maxObjects` in `options` but received `maxObject`; did you mean `maxObjects`?',
  );
  for (const wrong of [null, 5, [], 'x']) {
    t.ok(thrown(() => checkObject(wrong, 'options', [])) instanceof TypeError, describe(wrong));
  }
});

test('checkInteger takes the bounds and refuses what lies beyond, fractions and other kinds', async (t) => {
  t.equal(checkInteger(1, 'n', [1, 10]), 1);
  t.equal(checkInteger(10, 'n', [1, 10]), 10);
  t.equal(
    thrown(() => checkInteger(0, 'n', [1, 10])).message,
    'expected an integer from 1 to 10 for `n` but received 0 (number)',
  );
  for (const wrong of [11, 1.5, NaN, Infinity]) {
    t.ok(thrown(() => checkInteger(wrong, 'n', [1, 10])) instanceof RangeError, String(wrong));
  }
  t.ok(thrown(() => checkInteger('1', 'n', [1, 10])) instanceof TypeError);
});

test('checkNumber takes the bounds and refuses NaN', async (t) => {
  t.equal(checkNumber(0, 'x', [0, 1]), 0);
  t.equal(checkNumber(1, 'x', [0, 1]), 1);
  for (const wrong of [-0.1, 1.1, NaN, -Infinity]) {
    t.ok(thrown(() => checkNumber(wrong, 'x', [0, 1])) instanceof RangeError, String(wrong));
  }
  t.ok(thrown(() => checkNumber(null, 'x', [0, 1])) instanceof TypeError);
});

test('checkOneOf lists what is allowed and suggests a near miss', async (t) => {
  t.equal(checkOneOf('native', 'engine', ['auto', 'native']), 'native');
  t.equal(
    thrown(() => checkOneOf('nativ', 'engine', ['auto', 'native'])).message,
    "expected one of 'auto', 'native' for `engine` but received \"nativ\" (string); did you mean 'native'?",
  );
  t.ok(thrown(() => checkOneOf(1, 'engine', ['auto'])) instanceof TypeError);
});

test('checkString refuses the empty string, checkBoolean all but true and false', async (t) => {
  t.equal(checkString('a', 's'), 'a');
  t.ok(thrown(() => checkString('', 's')) instanceof RangeError);
  t.ok(thrown(() => checkString(1, 's')) instanceof TypeError);
  t.equal(checkBoolean(false, 'b'), false);
  t.ok(thrown(() => checkBoolean(0, 'b')) instanceof TypeError);
});
