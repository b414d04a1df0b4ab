/** Sparkplug messages as a host sees them, and as an implementation of other hands decodes them. */
import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { packageRoot } from '../../src/runtime/package-info.js';
import { decodeSparkplug, type Payload } from '../../src/telemetry/sparkplug/payload.js';
import { parseSparkplugTopic, type SparkplugTopic } from '../../src/telemetry/sparkplug/topics.js';
import type { Arrived } from './subscriber.js';

export interface SparkplugMessage extends SparkplugTopic, Payload {}

/** What nodes and devices sent, without commands to them. */
export function messagesOf(arrived: readonly Arrived[]): SparkplugMessage[] {
  return arrived.flatMap(({ topic, payload }) => {
    const parsed = parseSparkplugTopic(topic);
    return parsed && !parsed.type.endsWith('CMD')
      ? [{ ...parsed, ...decodeSparkplug(payload) }]
      : [];
  });
}

export const valueOf = (message: SparkplugMessage | undefined, name: string): unknown =>
  message?.metrics.find((metric) => metric.name === name)?.value;

const python = [
  process.env.SONOTRACK_TEST_PYTHON,
  join(packageRoot(), '.venv', 'bin', 'python'),
].find((path) => path && existsSync(path));

function hasDecoder(): boolean {
  if (!python) return false;
  try {
    execFileSync(python, ['-c', 'import pysparkplug'], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}

/** Why the independent decoder cannot run here; false when it can. */
export const noPysparkplug: string | false = hasDecoder()
  ? false
  : 'there is no pysparkplug (tests/requirements.txt)';

export interface Decoded {
  type: string;
  device: string | null;
  seq: number | null;
  metrics: {
    name: string | null;
    alias: number | null;
    datatype: string;
    value: unknown;
    historical: boolean;
  }[];
}

/** Reads [topic, hex] pairs; names of data come from the births before them, as in any host. */
const SCRIPT = `
import json, sys
import pysparkplug as sp
births, out = {}, []
for topic, raw in json.load(sys.stdin):
    parsed = sp.Topic.from_str(topic)
    kind = parsed.message_type
    key = (parsed.edge_node_id, parsed.device_id)
    payload = kind.payload.decode(bytes.fromhex(raw), birth=births.get(key))
    if kind in (sp.MessageType.NBIRTH, sp.MessageType.DBIRTH):
        births[key] = payload
    metrics = getattr(payload, 'metrics', None)
    if metrics is None:
        metrics = [payload.bd_seq_metric] if hasattr(payload, 'bd_seq_metric') else []
    out.append({
        'type': kind.name, 'device': parsed.device_id, 'seq': getattr(payload, 'seq', None),
        'metrics': [{'name': m.name, 'alias': m.alias, 'datatype': m.datatype.name, 'value': m.value,
                     'historical': bool(m.is_historical)} for m in metrics],
    })
json.dump(out, sys.stdout)
`;

/** The messages as pysparkplug understands them. */
export function decodeIndependently(arrived: readonly Arrived[]): Decoded[] {
  if (!python) throw new Error('there is no Python');
  const input = arrived
    .filter(({ topic }) => parseSparkplugTopic(topic) && !topic.includes('CMD/'))
    .map(({ topic, payload }) => [topic, payload.toString('hex')]);
  const output = execFileSync(python, ['-c', SCRIPT], {
    input: JSON.stringify(input),
    maxBuffer: 2 ** 28,
  });
  return JSON.parse(output.toString()) as Decoded[];
}
