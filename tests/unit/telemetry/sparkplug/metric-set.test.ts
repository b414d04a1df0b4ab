import { test } from 'tap';
import { MetricSet } from '../../../../src/telemetry/sparkplug/metric-set.js';
import {
  NODE_METRICS,
  SESSION_METRICS,
  sessionValues,
} from '../../../../src/telemetry/sparkplug/metrics.js';
import { windowOf } from '../../../support/windows.js';

const METRICS = [
  { name: 'a', type: 'Double', unit: 'ms', range: [0, 10], deadband: { absolute: 1 } },
  { name: 'b', type: 'Double', deadband: { absolute: 0.1, relative: 0.1 } },
  { name: 'c', type: 'String' },
] as const;

test('a birth has names, aliases, units and ranges; data have aliases alone', async (t) => {
  const set = new MetricSet(METRICS, 100);
  set.set({ a: 5, c: 'x', unknown: 1 });
  t.same(set.birth(), [
    {
      name: 'a',
      alias: 100,
      type: 'Double',
      value: 5,
      properties: {
        engUnit: { type: 'String', value: 'ms' },
        engLow: { type: 'Double', value: 0 },
        engHigh: { type: 'Double', value: 10 },
      },
    },
    { name: 'b', alias: 101, type: 'Double', value: null },
    { name: 'c', alias: 102, type: 'String', value: 'x' },
  ]);
  set.set({ c: 'y' });
  t.same(set.changes(), [{ alias: 102, type: 'String', value: 'y' }]);
  t.same(set.changes(), [], 'told once');
});

test('changes within the deadband of what was last told are not told, and add up', async (t) => {
  const set = new MetricSet(METRICS, 0);
  set.set({ a: 5, b: 100 });
  set.birth();
  for (const [values, told] of [
    [{ a: 5.9 }, []],
    [{ a: 6.1 }, [6.1]],
    [{ a: 5.2 }, []],
    [{ a: null }, [null]],
    [{ a: 6 }, [6]],
    [{ b: 109 }, []],
    [{ b: 111 }, [111]],
  ] as const) {
    set.set(values);
    t.same(
      set.changes().map(({ value }) => value),
      told,
      JSON.stringify(values),
    );
  }
});

test('values of the past are marked and do not change what is told of the present', async (t) => {
  const set = new MetricSet(METRICS, 0);
  set.set({ a: 5 });
  set.birth();
  t.same(set.past({ a: 1 }, 1000), [
    { alias: 0, type: 'Double', value: 1, timestampMs: 1000, historical: true },
  ]);
  t.same(set.past({ a: 1.5 }, 2000), []);
  t.equal(set.get('a'), 5);
  t.same(set.changes(), []);
});

test('every value of a window has its metric, and every metric of a session its value', async (t) => {
  const values = sessionValues(windowOf([10]), { sequence: 1, merged: 1 });
  t.same(Object.keys(values).sort(), SESSION_METRICS.map(({ name }) => name).sort());
  const names = [...NODE_METRICS, ...SESSION_METRICS].map(({ name }) => name);
  t.equal(new Set(names).size, names.length);
});
