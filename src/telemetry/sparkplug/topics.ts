/** Topics of Sparkplug 3.0, chapter 4. */

export const NAMESPACE = 'spBv1.0';

export const MESSAGE_TYPES = [
  'NBIRTH',
  'NDATA',
  'NDEATH',
  'NCMD',
  'DBIRTH',
  'DDATA',
  'DDEATH',
  'DCMD',
] as const;
export type MessageType = (typeof MESSAGE_TYPES)[number];

export interface SparkplugTopic {
  group: string;
  type: MessageType;
  node: string;
  /** Of messages that begin with D. */
  device: string | null;
}

export function sparkplugTopic(
  group: string,
  type: MessageType,
  node: string,
  device: string | null = null,
): string {
  return `${NAMESPACE}/${group}/${type}/${node}${device === null ? '' : `/${device}`}`;
}

/**
 * A topic as it was published. RabbitMQ 3.10 gives retained messages out under `spBv1/0`: the dot of the namespace is a
 * separator there, and `mqtt.sparkplug` keeps it in other messages only.
 */
export const publishedTopic = (topic: string): string =>
  topic.replace(/^spBv1\/0\//, `${NAMESPACE}/`);

export const stateTopic = (hostId: string): string => `${NAMESPACE}/STATE/${hostId}`;

/** Null for a topic that is none of a node or a device. */
export function parseSparkplugTopic(topic: string): SparkplugTopic | null {
  const [namespace, group, type, node, device, ...more] = topic.split('/');
  const known = MESSAGE_TYPES.find((name) => name === type);
  if (namespace !== NAMESPACE || !known || !node || more.length > 0) return null;
  if (known.startsWith('D') !== Boolean(device)) return null;
  return { group, type: known, node, device: device ?? null };
}

/** JSON of a host's STATE (§5.4.4), retained; `online: false` is also its last will. */
export interface HostState {
  online: boolean;
  /** ms since 1970; a state that is older than the last one known is passed over. */
  timestamp: number;
}

/** Null for another text. */
export function parseHostState(payload: Uint8Array): HostState | null {
  try {
    const state = JSON.parse(Buffer.from(payload).toString()) as Partial<HostState>;
    const { online, timestamp } = state;
    return typeof online === 'boolean' && typeof timestamp === 'number'
      ? { online, timestamp }
      : null;
  } catch {
    return null;
  }
}
