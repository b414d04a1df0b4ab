import type { MqttClient } from 'mqtt';

/**
 * Tells when a broker has taken everything that was sent before: it answers pings in the order of the connection. Pings that
 * the client sends of its own accord are told apart by counting.
 */
export class PingBarrier {
  readonly #client: MqttClient;
  #sent = 0;
  #answered = 0;

  constructor(client: MqttClient) {
    this.#client = client;
    client.on('packetsend', ({ cmd }) => {
      if (cmd === 'pingreq') this.#sent += 1;
    });
    client.on('packetreceive', ({ cmd }) => {
      if (cmd === 'pingresp') this.#answered += 1;
    });
  }

  /** Resolves to false when the connection ends first. */
  passed(): Promise<boolean> {
    const client = this.#client;
    if (!client.connected) return Promise.resolve(false);
    client.sendPing();
    const own = this.#sent;
    return new Promise((resolve) => {
      const settle = (passed: boolean): void => {
        client.off('packetreceive', onPacket);
        client.off('close', onClose);
        resolve(passed);
      };
      const onPacket = (): void => {
        if (this.#answered >= own) settle(true);
      };
      const onClose = (): void => settle(false);
      client.on('packetreceive', onPacket);
      client.once('close', onClose);
    });
  }
}
