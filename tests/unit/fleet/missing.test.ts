import fc from 'fast-check';
import { test } from 'tap';
import { Missing } from '../../../src/fleet/missing.js';

test('by hand: a gap, its filling, a double', async (t) => {
  const missing = new Missing();
  missing.add(5, 5);
  t.equal(missing.count, 0, 'numbers are expected from the first on');
  missing.add(9, 10);
  t.equal(missing.count, 3);
  missing.add(7, 7);
  t.equal(missing.count, 2);
  missing.add(6, 8);
  t.same([missing.count, missing.again, missing.arrived, missing.last], [0, 1, 6, 10]);
});

test('it counts as a set of numbers does', async (t) => {
  const range = fc.tuple(fc.integer({ min: 1, max: 60 }), fc.integer({ min: 0, max: 5 }));
  fc.assert(
    fc.property(fc.array(range, { minLength: 1, maxLength: 30 }), (ranges) => {
      const missing = new Missing();
      const seen = new Set<number>();
      let start = Infinity;
      for (const [first, more] of ranges) {
        if (start === Infinity) start = first;
        missing.add(first, first + more);
        for (let i = first; i <= first + more; i += 1) if (i >= start) seen.add(i);
      }
      const last = Math.max(...seen);
      return missing.last === last && missing.count === last - start + 1 - seen.size;
    }),
  );
  t.pass('held');
});
