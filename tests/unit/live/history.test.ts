import { test } from 'tap';
import { FrameHistory, type FrameRecord } from '../../../src/live/history.js';

function record(id: number): FrameRecord {
  const meta = { id, captureNs: 0n, widthPx: 1, heightPx: 1, spacingMm: null };
  const pixels = { data: new Uint8Array(1), widthPx: 1, heightPx: 1, channels: 1 as const };
  return { meta, pixels, objects: [] };
}

test('the history keeps the latest frames only and gives those after a frame in order', async (t) => {
  const history = new FrameHistory(3);
  t.equal(history.latest, undefined);
  const records = [1, 2, 3, 4].map(record);
  for (const each of records) history.push(each);
  t.equal(history.find(1), undefined);
  t.equal(history.find(2), records[1]);
  t.equal(history.latest, records[3]);
  t.same(
    history.after(records[1]).map(({ meta }) => meta.id),
    [3, 4],
  );
  t.same(history.after(records[3]), []);
  history.clear();
  t.equal(history.latest, undefined);
});
