import { test } from 'tap';
import {
  decodeSparkplug,
  encodeSparkplug,
  type Payload,
} from '../../../../src/telemetry/sparkplug/payload.js';
import { parseHostState, parseSparkplugTopic } from '../../../../src/telemetry/sparkplug/topics.js';

test('payloads come back as they were', async (t) => {
  const payload: Payload = {
    timestampMs: 1_700_000_000_123,
    seq: 255,
    metrics: [
      { name: 'bdSeq', type: 'Int64', value: 3 },
      { alias: 1001, type: 'Double', value: 2.5, timestampMs: 1_700_000_000_000, historical: true },
      { alias: 1002, type: 'String', value: 'native' },
      { alias: 1003, type: 'Double', value: null },
      {
        name: 'x',
        type: 'Boolean',
        value: false,
        properties: { engUnit: { type: 'String', value: 'ms' } },
      },
      { name: 'big', type: 'Int64', value: 2 ** 52 },
    ],
  };
  t.same(decodeSparkplug(encodeSparkplug(payload)), payload);
  t.throws(() => decodeSparkplug(Uint8Array.of(255, 255)));
});

test('topics are told apart, and others are none', async (t) => {
  t.same(parseSparkplugTopic('spBv1.0/g/NDATA/n'), {
    group: 'g',
    type: 'NDATA',
    node: 'n',
    device: null,
  });
  t.match(parseSparkplugTopic('spBv1.0/g/DDATA/n/d'), { device: 'd' });
  for (const topic of [
    'spBv1.0/g/NDATA/n/d',
    'spBv1.0/g/DDATA/n',
    'spBv1.0/g/XDATA/n',
    'spBv1.0/g/DDATA/n/d/e',
    'spBv1.0/STATE/h',
    'sonotrack/v1/a/latency',
  ]) {
    t.equal(parseSparkplugTopic(topic), null, topic);
  }
});

test("a host's state is JSON with a truth and a time, and nothing else", async (t) => {
  t.same(parseHostState(Buffer.from('{"online":true,"timestamp":5}')), {
    online: true,
    timestamp: 5,
  });
  for (const text of ['ONLINE', '{}', '{"online":1,"timestamp":5}', '']) {
    t.equal(parseHostState(Buffer.from(text)), null, text);
  }
});
