/** A subscriber that keeps what arrives, and waits for what a test asks for. */
import mqtt, { type IClientOptions } from 'mqtt';

export interface Arrived {
  topic: string;
  payload: Buffer;
  retained: boolean;
}

export interface Subscriber {
  readonly all: readonly Arrived[];
  /** The first message, of those that came and will come, that the condition holds for; each is asked about once. */
  until(matching: (message: Arrived) => boolean): Promise<Arrived>;
  publish(topic: string, payload: Buffer | string, options?: { retain: boolean }): Promise<void>;
  end(): Promise<void>;
}

export async function subscribe(
  url: string,
  topic: string,
  options: IClientOptions = {},
): Promise<Subscriber> {
  const client = mqtt.connect(url, { ...options, reconnectPeriod: 100 });
  const all: Arrived[] = [];
  const waiting = new Set<() => void>();
  client.on('error', () => undefined);
  client.on('message', (name, payload, { retain }) => {
    all.push({ topic: name, payload, retained: retain });
    for (const wake of waiting) wake();
    waiting.clear();
  });
  if (!client.connected)
    await new Promise<void>((resolve) => client.once('connect', () => resolve()));
  await client.subscribeAsync(topic, { qos: 1 });
  return {
    all,
    async until(matching) {
      let checked = 0;
      while (true) {
        for (; checked < all.length; checked += 1) {
          if (matching(all[checked])) return all[checked];
        }
        await new Promise<void>((resolve) => waiting.add(resolve));
      }
    },
    publish: async (name, payload, { retain } = { retain: false }) => {
      await client.publishAsync(name, payload, { qos: 1, retain });
    },
    end: () => client.endAsync(true),
  };
}

export const jsonOf = (message: Arrived): Record<string, unknown> =>
  JSON.parse(message.payload.toString());
