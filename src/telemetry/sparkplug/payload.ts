/** Sparkplug B payloads with plain values: numbers for its 64-bit integers, which stay below 2⁵³ here. */
import sparkplug from 'sparkplug-payload';

export type MetricType = 'Boolean' | 'Double' | 'Int64' | 'String';
export type MetricValue = number | boolean | string | null;

export interface Metric {
  /** In births, and where there is no alias. */
  name?: string;
  alias?: number;
  type: string;
  value: MetricValue;
  /** ms since 1970. */
  timestampMs?: number;
  historical?: boolean;
  properties?: Record<string, { type: MetricType; value: MetricValue }>;
}

export interface Payload {
  /** ms since 1970. */
  timestampMs: number;
  /** 0–255; absent in NDEATH and commands. */
  seq?: number;
  metrics: Metric[];
}

const codec = sparkplug.get('spBv1.0');
if (!codec) throw new Error('sparkplug-payload does not know spBv1.0');
const { encodePayload, decodePayload } = codec;
type Encodable = Parameters<typeof encodePayload>[0];
type Decoded = NonNullable<ReturnType<typeof decodePayload>['metrics']>[number];

export function encodeSparkplug({ timestampMs, seq, metrics }: Payload): Uint8Array {
  const encodable = metrics.map(({ name, alias, type, value, properties, ...more }) => ({
    name,
    alias,
    type,
    value,
    properties,
    timestamp: more.timestampMs === undefined ? undefined : Math.round(more.timestampMs),
    isHistorical: more.historical || undefined,
  }));
  return encodePayload({
    timestamp: Math.round(timestampMs),
    ...(seq !== undefined && { seq }),
    metrics: encodable as unknown as Encodable['metrics'],
  });
}

/** Metrics of kinds without a plain value (data sets, templates, bytes) come with null. @throws Error for other bytes */
export function decodeSparkplug(bytes: Uint8Array): Payload {
  const { timestamp, seq, metrics } = decodePayload(bytes);
  return {
    timestampMs: numberOf(timestamp) ?? 0,
    ...(seq !== undefined && seq !== null && { seq: numberOf(seq) }),
    metrics: (metrics ?? []).map(metricOf),
  };
}

/** Assigned one by one: a host reads tens of thousands of metrics a second, and spreading them took most of its time. */
function metricOf(metric: Decoded): Metric {
  const result: Metric = { type: metric.type, value: plain(metric.value) };
  if (metric.name) result.name = metric.name;
  const alias = numberOf(metric.alias);
  if (alias !== undefined) result.alias = alias;
  const at = numberOf(metric.timestamp);
  if (at !== undefined) result.timestampMs = at;
  if (metric.isHistorical) result.historical = true;
  if (metric.properties) result.properties = propertiesOf(metric.properties);
  return result;
}

/** A 64-bit integer as the protobuf library gives it. */
interface LongLike {
  toNumber(): number;
}

function numberOf(value: unknown): number | undefined {
  if (value === null || value === undefined) return undefined;
  return typeof value === 'object' ? (value as LongLike).toNumber() : Number(value);
}

function plain(value: unknown): MetricValue {
  if (typeof value === 'boolean' || typeof value === 'string' || typeof value === 'number') {
    return value;
  }
  const isLong = typeof value === 'object' && value !== null && 'toNumber' in value;
  return isLong ? (value as LongLike).toNumber() : null;
}

function propertiesOf(
  properties: Record<string, { type: unknown; value: unknown }>,
): Metric['properties'] {
  const entries = Object.entries(properties);
  return Object.fromEntries(
    entries.map(([name, { type, value }]) => [
      name,
      { type: type as MetricType, value: plain(value) },
    ]),
  );
}
