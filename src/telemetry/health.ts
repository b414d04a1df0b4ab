/** How the machine is: memory of the process, and the hottest of the kernel's thermal zones. */
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';

export interface DeviceHealth {
  /** Resident memory of the process, MB (10⁶ bytes). */
  memoryMb: number;
  /** Null where the system tells none. */
  temperatureC: number | null;
  /** Steps of the profile's thermal ladder that the temperature has reached; 0: none. */
  thermalStep: number;
}

const ZONES = '/sys/class/thermal';

/** Reads in the background, since a sysfs file may take its time; `read` gives what was last found. */
export class HealthMonitor {
  readonly #aboveC: readonly number[];
  readonly #zones: string;
  #temperatureC: number | null = null;
  #reading: Promise<void> | null = null;

  /** @param ladder the profile's thermal ladder, ascending */
  constructor(ladder: readonly { aboveC: number }[], zones = ZONES) {
    this.#aboveC = ladder.map(({ aboveC }) => aboveC);
    this.#zones = zones;
    void this.refresh();
  }

  read(): DeviceHealth {
    void this.refresh();
    const temperatureC = this.#temperatureC;
    return {
      memoryMb: process.memoryUsage.rss() / 1e6,
      temperatureC,
      thermalStep:
        temperatureC === null ? 0 : this.#aboveC.filter((above) => temperatureC > above).length,
    };
  }

  /** Settles when the temperature is that of now. */
  refresh(): Promise<void> {
    this.#reading ??= hottestC(this.#zones).then((found) => {
      this.#temperatureC = found;
      this.#reading = null;
    });
    return this.#reading;
  }
}

async function hottestC(folder: string): Promise<number | null> {
  const names = await readdir(folder).catch(() => []);
  const read = names
    .filter((name) => name.startsWith('thermal_zone'))
    .map((name) => readFile(join(folder, name, 'temp'), 'utf8').catch(() => ''));
  // Millidegrees (Documentation/driver-api/thermal/sysfs-api.rst of the kernel); a sensor that is off reads as nothing.
  const found = (await Promise.all(read))
    .map((text) => Number.parseInt(text, 10) / 1000)
    .filter((celsius) => celsius > -100 && celsius < 300);
  return found.length === 0 ? null : Math.max(...found);
}
