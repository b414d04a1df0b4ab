import { test } from 'tap';
import { publishedTopic } from '../../../../src/telemetry/sparkplug/topics.js';

test('the namespace is read with its dot, however the broker writes it', async (t) => {
  t.equal(publishedTopic('spBv1/0/STATE/fleet'), 'spBv1.0/STATE/fleet');
  for (const topic of ['spBv1.0/STATE/fleet', 'a/spBv1/0/x', 'spBv1/0']) {
    t.equal(publishedTopic(topic), topic);
  }
});
