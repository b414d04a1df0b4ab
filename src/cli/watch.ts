/** What devices say, line by line as it comes. */
import type { Command } from 'commander';
import { BrokerConnection, redact } from '../telemetry/connection.js';
import { decodeMaskFrame } from '../telemetry/mask-frame.js';
import { AliasBook } from '../telemetry/sparkplug/alias-book.js';
import { decodeSparkplug, type MetricValue } from '../telemetry/sparkplug/payload.js';
import { parseSparkplugTopic } from '../telemetry/sparkplug/topics.js';
import { checkDeviceId } from '../telemetry/topics.js';
import { brokerOf, withMqtt, type MqttCliOptions } from './mqtt-options.js';
import { formatArea, type GlobalOptions } from './shared.js';
import { untilSignal } from './signal.js';

interface WatchOptions extends GlobalOptions, MqttCliOptions {
  deviceId?: string;
}

const EXAMPLES = `
Examples:
  $ sonotrack watch mqtt://127.0.0.1
  $ sonotrack watch mqtts://broker.local --device-id bay-4 --json | jq .stages`;

export function addWatch(program: Command): void {
  const watch = program
    .command('watch')
    .description('Show what devices publish: masks, latency, status, Sparkplug.')
    .argument('<url>', 'broker')
    .option('--device-id <id>', 'this device only')
    .addHelpText('after', EXAMPLES)
    .action((url: string) => run(url, watch.optsWithGlobals()));
  withMqtt(watch);
}

async function run(url: string, options: WatchOptions): Promise<void> {
  const device = options.deviceId === undefined ? '+' : checkDeviceId(options.deviceId);
  const aliases = new AliasBook();
  const stopped = untilSignal();
  const topics = [`sonotrack/v1/${device}/#`, `spBv1.0/+/+/${device}/#`, 'spBv1.0/STATE/+'];
  const connection = new BrokerConnection(await brokerOf(url, options), {
    clientId: `sonotrack-watch-${process.pid}`,
    onUp: (client) => {
      client.on('message', (topic, payload) => {
        const seen = decode(topic, payload, aliases);
        const line = options.json
          ? JSON.stringify({ topic, ...seen.content })
          : `${new Date().toISOString().slice(11, 23)}  ${topic}  ${seen.text}`;
        process.stdout.write(`${line}\n`);
      });
      void connection.subscribe(client, topics).then((agreed) => {
        if (agreed && !options.quiet) process.stderr.write(`sonotrack: watching ${redact(url)}\n`);
      });
    },
    onDown: () => {
      if (!options.quiet) process.stderr.write('sonotrack: the connection ended, trying again\n');
    },
  });
  try {
    await stopped.signal;
  } finally {
    stopped.dispose();
    await connection.close();
  }
}

interface Seen {
  content: object;
  text: string;
}

/** A message in words, and as it is. */
export function decode(topic: string, payload: Buffer, aliases: AliasBook): Seen {
  try {
    const sparkplug = parseSparkplugTopic(topic);
    if (sparkplug) {
      const message = decodeSparkplug(payload);
      const { values, historical, unknown } = aliases.read(sparkplug, message);
      const { seq = null, timestampMs } = message;
      return {
        content: { seq, timestampMs, historical, unknown, values },
        text: [
          ...(seq === null ? [] : [`seq ${seq}`]),
          ...(historical ? ['historical'] : []),
          ...Object.entries(values).map(([name, value]) => `${name}=${shown(value)}`),
          ...(unknown > 0 ? [`${unknown} metrics whose birth was not seen`] : []),
        ].join('  '),
      };
    }
    if (topic.endsWith('/masks')) {
      const frame = decodeMaskFrame(payload);
      const objects = frame.objects.map(
        ({ id, status, quality, areaMm2, areaPx, shape }) =>
          `#${id} ${status} ${quality.toFixed(2)} ${formatArea(areaMm2, areaPx)} ${shape?.kind ?? 'no shape'}`,
      );
      const text = [`frame ${frame.frameId}`, ...objects, `${payload.length} bytes`].join('  ');
      return { content: frame, text };
    }
    const content = JSON.parse(payload.toString()) as Record<string, unknown>;
    return {
      content,
      text: topic.endsWith('/latency') ? latencyText(content) : JSON.stringify(content),
    };
  } catch {
    const text = `${payload.length} bytes that cannot be read`;
    return { content: { error: text }, text };
  }
}

function latencyText(message: Record<string, unknown>): string {
  const { sequence, historical, fps, dropped, lost, stages } = message as {
    sequence: number;
    historical: boolean;
    fps: number;
    dropped: number;
    lost: number;
    stages: Record<string, { p50: number; p95: number; p99: number; max: number }>;
  };
  const parts = Object.entries(stages).map(
    ([stage, { p50, p95, p99, max }]) =>
      `${stage} ${[p50, p95, p99, max].map((ms) => ms.toFixed(1)).join('/')}`,
  );
  const counts = `${fps.toFixed(1)} fps  dropped ${dropped}  lost ${lost}`;
  return [
    `window ${sequence}${historical ? ' (historical)' : ''}`,
    counts,
    ...parts,
    'ms p50/p95/p99/max',
  ].join('  ');
}

const shown = (value: MetricValue): string =>
  typeof value === 'number' && !Number.isInteger(value) ? value.toFixed(2) : String(value);
