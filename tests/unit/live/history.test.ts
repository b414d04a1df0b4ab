import { test } from 'tap';
import { FrameHistory, type FrameRecord } from '../../../src/live/history.js';

/** A frame of 10 × 10 px, one a second. */
function record(id: number): FrameRecord {
  const captureNs = BigInt(id) * 1_000_000_000n;
  const meta = { id, captureNs, widthPx: 10, heightPx: 10, spacingMm: null };
  const pixels = { data: new Uint8Array(100), widthPx: 10, heightPx: 10, channels: 1 as const };
  return { meta, pixels, objects: [] };
}
const ids = (records: Iterable<FrameRecord>): number[] => [...records].map(({ meta }) => meta.id);

test('the cine keeps the frames of its span and gives those after a frame in order', async (t) => {
  const history = new FrameHistory({ seconds: 2, maxBytes: 1e6 });
  t.equal(history.latest, undefined);
  t.equal(history.nearest(3), undefined);
  const records = [1, 2, 3, 4].map(record);
  for (const each of records) history.push(each);
  t.equal(history.find(1), undefined);
  t.same(ids(history), [2, 3, 4]);
  t.equal(history.latest, records[3]);
  t.same(ids(history.after(records[1])), [3, 4]);
  t.same(history.after(records[3]), []);
  history.clear();
  t.equal(history.latest, undefined);
});

test('memory bounds the cine too, masks included, and the latest frame always stays', async (t) => {
  const history = new FrameHistory({ seconds: 60, maxBytes: 250 });
  for (const id of [1, 2, 3]) history.push(record(id));
  t.same(ids(history), [2, 3]);
  const masked = record(4);
  masked.objects = [{}, {}] as never;
  history.push(masked);
  t.same(ids(history), [4], 'its two masks count as two more frames');
});

test('the nearest frame is the last one up to an id, else the oldest', async (t) => {
  const history = new FrameHistory({ seconds: 60, maxBytes: 1e6 });
  for (const id of [2, 5, 9]) history.push(record(id));
  t.same(
    [0, 2, 4, 5, 8, 9, 99].map((id) => history.nearest(id)?.meta.id),
    [2, 2, 2, 5, 5, 9, 9],
  );
});
