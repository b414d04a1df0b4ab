import { setTimeout as delay } from 'node:timers/promises';
import { SimulatedDevice, type Fault, type SimulatedDeviceOptions } from './simulated-device.js';

export interface SimulatorOptions extends Pick<
  SimulatedDeviceOptions,
  'broker' | 'group' | 'rateHz' | 'primaryHost'
> {
  devices: number;
  /** Name of the first node up to its number. */
  prefix: string;
  /** Each with the share of devices that have it, 0–1. */
  faults: readonly { fault: Fault; share: number }[];
}

export interface SimulatorCounts {
  devices: number;
  born: number;
  /** Numbered by the devices, and of those never sent. */
  windows: number;
  unsent: number;
}

/** New connections a second, so that a broker's queue of them does not overflow. */
const CONNECTS_PER_S = 250;
const SLOT_MS = 10;

/** A fleet in one process: its devices take turns within each period, so that load is even. */
export class Simulator {
  readonly #options: SimulatorOptions;
  readonly #devices: SimulatedDevice[] = [];
  #timer: NodeJS.Timeout | null = null;
  #closing = false;

  constructor(options: SimulatorOptions) {
    this.#options = options;
  }

  get counts(): SimulatorCounts {
    const sum = (of: (device: SimulatedDevice) => number): number =>
      this.#devices.reduce((total, device) => total + of(device), 0);
    return {
      devices: this.#devices.length,
      born: sum(({ born }) => Number(born)),
      windows: sum(({ windows }) => windows),
      unsent: sum(({ unsent }) => unsent),
    };
  }

  /** Connects all devices, and begins to measure once they are there; settles when every one of them was started. */
  async start(): Promise<void> {
    const { devices, prefix, faults, ...shared } = this.#options;
    const digits = String(devices).length;
    for (let i = 0; i < devices && !this.#closing; i += 1) {
      // Evenly spread and at the same devices each time.
      const own = faults.filter(({ share }) => Math.floor((i + 1) * share) > Math.floor(i * share));
      this.#devices.push(
        new SimulatedDevice({
          ...shared,
          node: `${prefix}${String(i + 1).padStart(digits, '0')}`,
          seed: i + 1,
          faults: own.map(({ fault }) => fault),
        }),
      );
      if (i % 25 === 24) await delay((25 / CONNECTS_PER_S) * 1000);
    }
    if (!this.#closing) this.#begin();
  }

  async close(): Promise<void> {
    this.stop();
    await Promise.all(this.#devices.map((device) => device.close()));
  }

  /** No more windows; the devices stay. */
  stop(): void {
    this.#closing = true;
    if (this.#timer) clearInterval(this.#timer);
  }

  #begin(): void {
    const periodMs = 1000 / this.#options.rateHz;
    const beganMs = performance.now();
    let done = 0;
    this.#timer = setInterval(() => {
      const due = Math.floor(((performance.now() - beganMs) / periodMs) * this.#devices.length);
      for (; done < due; done += 1) this.#devices[done % this.#devices.length].tick();
    }, SLOT_MS);
  }
}
