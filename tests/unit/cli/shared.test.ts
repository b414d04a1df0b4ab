import { test } from 'tap';
import { formatArea, parseBox, parsePoint, promptsOf } from '../../../src/cli/shared.js';

test('a point is x,y with an optional label, and points add up', async (t) => {
  const first = parsePoint('1,2.5');
  t.same(first, [{ x: 1, y: 2.5, label: 1 }]);
  t.same(parsePoint(' 3 , 4 , 0 ', first), [
    { x: 1, y: 2.5, label: 1 },
    { x: 3, y: 4, label: 0 },
  ]);
  t.same(parsePoint('-1,2,1'), [{ x: -1, y: 2, label: 1 }], 'the device tells what is outside');
  for (const text of ['', '1', '1,2,3', '1,2,', 'a,b', '1;2', '1,2,1,1']) {
    t.throws(() => parsePoint(text), { code: 'commander.invalidArgument' }, text);
  }
});

test('a box is four numbers', async (t) => {
  t.same(parseBox('0,1,20.5,30'), [0, 1, 20.5, 30]);
  for (const text of ['0,1,2', '0,1,2,3,4', 'a']) {
    t.throws(() => parseBox(text), { code: 'commander.invalidArgument' }, text);
  }
});

test('prompts need a point or a box', async (t) => {
  t.throws(() => promptsOf({ point: [] }), { name: 'UsageError' });
  t.same(promptsOf({ point: [], box: [0, 0, 1, 1] }), { box: [0, 0, 1, 1] });
  t.same(promptsOf({ point: [{ x: 1, y: 1, label: 1 }] }), {
    points: [{ x: 1, y: 1, label: 1 }],
  });
});

test('an area without spacing is told in pixels', async (t) => {
  t.equal(formatArea(12.34, 50), '12.3 mm² (50 px)');
  t.equal(formatArea(null, 50), '50 px (uncalibrated)');
});
