/** The device of a running `serve`: another profile or bundle can take over while frames come in. */
import type { DeviceLimits, Session } from '../live/types.js';
import { loadProfile, profileNames, type FirmwareProfile } from '../runtime/profiles.js';
import { nearest } from '../runtime/validate.js';
import { openDevice, type Device } from '../sdk/device.js';
import type { DeviceInfo, DeviceOptions } from '../sdk/types.js';
import { HealthMonitor, type DeviceHealth } from '../telemetry/health.js';

/** A mask that takes this many times the profile's frame budget is withdrawn: far beyond a busy moment. */
export const BUDGETS = 10;
const LONGEST_BUDGET_MS = 60_000;
/** Memory of the cine, at most a quarter of what the profile allows the process. */
const CINE_MIB = 256;

/** Told when another device has taken over. */
export type DeviceUser = (info: DeviceInfo, profile: FirmwareProfile) => void;

export class RunningDevice {
  #options: DeviceOptions;
  readonly #budgetMs: number | undefined;
  readonly #users: DeviceUser[] = [];
  #device: Device;
  #profile: FirmwareProfile;
  #health: HealthMonitor;
  #session: Session | null = null;

  private constructor(
    { options, budgetMs }: { options: DeviceOptions; budgetMs: number | undefined },
    device: Device,
    profile: FirmwareProfile,
  ) {
    this.#options = options;
    this.#budgetMs = budgetMs;
    this.#device = device;
    this.#profile = profile;
    this.#health = new HealthMonitor(profile.thermalLadder);
  }

  /**
   * @param limits `budgetMs`: instead of the budget that follows from the profile
   * @throws as `openDevice`
   */
  static async open(
    options: DeviceOptions,
    { budgetMs }: { budgetMs: number | undefined },
  ): Promise<RunningDevice> {
    const profile = await loadProfile(options.profile);
    return new RunningDevice({ options, budgetMs }, await openDevice(options), profile);
  }

  get device(): Device {
    return this.#device;
  }

  get profile(): FirmwareProfile {
    return this.#profile;
  }

  /** What a session may take on this device, by its profile. */
  get limits(): DeviceLimits {
    return this.#limitsOf(this.#profile);
  }

  health(): DeviceHealth {
    return this.#health.read();
  }

  /** The session that goes on with another device, and who else is told of it. */
  attach(session: Session, users: readonly DeviceUser[]): void {
    this.#session = session;
    this.#users.push(...users);
  }

  /**
   * Goes on with a shipped profile. Resolves to what was done.
   * @throws RangeError when there is no such profile; errors of `openDevice` and of the session: then all is as before
   */
  async switchTo(name: string): Promise<string> {
    // A path is for who starts the program, not for who commands it from afar.
    const names = await profileNames();
    if (!names.includes(name)) {
      const meant = nearest(name, names);
      const hint = meant ? `; did you mean ${meant}?` : '';
      throw new RangeError(`there is no profile of that name among ${names.join(', ')}${hint}`);
    }
    if (name === this.#profile.name) return `the profile is ${name} already`;
    const options = { ...this.#options, profile: name };
    await this.#goOnWith(options, await loadProfile(name));
    this.#options = options;
    return `the profile is ${name}`;
  }

  /**
   * Goes on with the bundle in a folder (default: the one that `modelsDir` names now).
   * @throws errors of `openDevice` and of the session: then all is as before
   */
  async useModels(dir?: string): Promise<void> {
    await this.#goOnWith({ ...this.#options, ...(dir && { modelsDir: dir }) }, this.#profile);
  }

  /** Opens a device beside the one that runs, hands the session over between two frames, and closes the old one. */
  async #goOnWith(options: DeviceOptions, profile: FirmwareProfile): Promise<void> {
    if (!this.#session) throw new Error('the session has not begun yet');
    const device = await openDevice(options);
    try {
      await this.#session.useDevice(device, this.#limitsOf(profile));
    } catch (error) {
      await device.close();
      throw error;
    }
    const old = this.#device;
    this.#device = device;
    this.#profile = profile;
    this.#health = new HealthMonitor(profile.thermalLadder);
    for (const tell of this.#users) tell(device.info, profile);
    // A call that hangs would keep this waiting; the device closes when that comes back.
    void old.close();
  }

  close(): Promise<void> {
    return this.#device.close();
  }

  #limitsOf({ frameBudgetMs, memoryCeilingMb }: FirmwareProfile): DeviceLimits {
    return {
      budgetMs: this.#budgetMs ?? Math.min(BUDGETS * frameBudgetMs, LONGEST_BUDGET_MS),
      cineMiB: Math.min(CINE_MIB, Math.floor((memoryCeilingMb ?? Infinity) / 4)),
    };
  }
}
