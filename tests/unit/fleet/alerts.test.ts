import { test } from 'tap';
import { Alerts } from '../../../src/fleet/alerts.js';
import { NodeState } from '../../../src/fleet/node-state.js';
import { updateOf } from '../../support/updates.js';

function nodeOf(name: string, values: Record<string, number | string>): NodeState {
  const node = new NodeState('sonotrack', name);
  const pass = (): void => undefined;
  node.receive(updateOf('NBIRTH', 0, { bdSeq: 0, ...values }, { node: name }), 0, pass);
  const window = { 'Window/Sequence': 1, 'Frames/Received': 100, 'Frames/Dropped': 0 };
  node.receive(updateOf('DDATA', 1, window, { node: name }), 0, pass);
  return node;
}
const kinds = (alerts: Alerts): string[] =>
  alerts.active.map(({ node, kind }) => `${node} ${kind}`);

test('each rule has its alert, which keeps its begin and ends', async (t) => {
  const fine = { 'Properties/Models/Bundle': 'lite 2', 'Latency/total/P95': 50 };
  const nodes = [
    nodeOf('a', fine),
    nodeOf('b', { ...fine, 'Latency/total/P95': 300 }),
    nodeOf('c', { ...fine, 'Properties/Models/Bundle': 'lite 1' }),
  ];
  const alerts = new Alerts({ latencyP95Ms: 100, offlineS: 10 });
  alerts.evaluate(nodes, 1000);
  t.same(kinds(alerts), ['sonotrack/b latency', 'sonotrack/c model']);
  t.match(alerts.active[1].message, 'runs lite 1, expected lite 2');

  const drops = { 'Window/Sequence': 2, 'Frames/Received': 200, 'Frames/Dropped': 80 };
  nodes[0].receive(updateOf('DDATA', 2, drops), 2000, () => undefined);
  nodes[1].receive(updateOf('NDEATH', null, { bdSeq: 0 }), 2000, () => undefined);
  alerts.evaluate(nodes, 2000);
  t.same(kinds(alerts), ['sonotrack/a drops', 'sonotrack/c model']);
  t.equal(alerts.active[1].sinceMs, 1000);
  alerts.evaluate(nodes, 12_000);
  t.same(kinds(alerts), [
    'sonotrack/a drops',
    'sonotrack/a silent',
    'sonotrack/b offline',
    'sonotrack/c silent',
    'sonotrack/c model',
  ]);

  const expected = new Alerts({ models: 'lite 1' });
  expected.evaluate(nodes, 1000);
  t.ok(
    kinds(expected).includes('sonotrack/a model') && !kinds(expected).includes('sonotrack/c model'),
  );
});

test('rules are validated', async (t) => {
  t.throws(() => new Alerts({ dropShare: 2 }), { name: 'RangeError', message: /`dropShare`/ });
  t.throws(() => new Alerts({ latencyP95: 1 } as never), /did you mean `latencyP95Ms`/);
});
