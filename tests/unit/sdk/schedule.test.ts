import fc from 'fast-check';
import { test } from 'tap';
import { scheduleOf } from '../../../src/sdk/schedule.js';
import { thrown } from '../../support/rejection.js';

const shown = (frames: number, start: number): string[] =>
  scheduleOf(frames, start).map(({ kind, index }) => `${kind} ${index}`);

test('from the first frame a recording is followed in its own order', (t) => {
  t.same(shown(3, 0), ['start 0', 'track 1', 'track 2']);
  t.same(shown(1, 0), ['start 0']);
  t.end();
});

test('from within, it is followed to the end, and from the start frame again to the first', (t) => {
  t.same(shown(4, 2), ['start 2', 'track 3', 'restart 2', 'track 1', 'track 0']);
  t.end();
});

test('from the last frame there is nothing to return from', (t) => {
  t.same(shown(3, 2), ['start 2', 'track 1', 'track 0']);
  t.end();
});

test('every frame is met once, and tracked from its neighbour', (t) => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 40 }), fc.nat(), (frames, any) => {
      const steps = scheduleOf(frames, any % frames);
      const met = steps.filter(({ kind }) => kind !== 'restart').map(({ index }) => index);
      const neighbours = steps.every(
        ({ kind, index }, i) => kind !== 'track' || Math.abs(index - steps[i - 1].index) === 1,
      );
      return (
        neighbours &&
        steps.findIndex(({ kind }) => kind === 'start') === 0 &&
        met.sort((a, b) => a - b).join() === Array.from({ length: frames }, (_, i) => i).join()
      );
    }),
  );
  t.end();
});

test('a start outside of the recording is refused', (t) => {
  t.match(
    thrown(() => scheduleOf(3, 3)),
    { name: 'RangeError', message: /`start`/ },
  );
  t.match(
    thrown(() => scheduleOf(0, 0)),
    { name: 'RangeError', message: /`frames`/ },
  );
  t.end();
});
