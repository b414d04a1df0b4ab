/**
 * Models of a running `serve` that come from a store: changed from afar (what may be installed lies in a folder of the device
 * already), and on trial until they have proven themselves.
 */
import { join } from 'node:path';
import { readTrustedKeys } from '../runtime/bundle-signature.js';
import { BundleStore } from '../runtime/bundle-store.js';
import type { Manifest } from '../runtime/bundle.js';
import type { Log } from './log.js';
import { Probation } from './probation.js';
import type { RunningDevice } from './running-device.js';

export class RemoteModels {
  readonly #store: BundleStore;
  readonly #inbox: string;
  readonly #running: RunningDevice;

  /** @param inbox folder whose bundles may be installed by their folder's name */
  constructor(store: BundleStore, inbox: string, running: RunningDevice) {
    this.#store = store;
    this.#inbox = inbox;
    this.#running = running;
  }

  /** @throws SonotrackError MODEL_UNTRUSTED without a key, MODEL_KEY_INVALID */
  static async open(
    { store, inbox, keyFiles }: { store: string; inbox: string; keyFiles: readonly string[] },
    running: RunningDevice,
  ): Promise<RemoteModels> {
    const keys = await readTrustedKeys(keyFiles);
    return new RemoteModels(new BundleStore(store, keys), inbox, running);
  }

  /**
   * Installs a signed bundle: it is put into use once the session has gone on with it. Resolves to what was done.
   * @throws RangeError for a name that is none of a folder; errors of the store, `openDevice` and the session: then all is as
   *   before
   */
  async install(name: string): Promise<string> {
    if (!/^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$/.test(name)) {
      throw new RangeError(
        'expected the name of a folder: letters, digits, dots, dashes, underscores',
      );
    }
    let isTaken = false;
    try {
      const { dir, manifest } = await this.#store.install(
        join(this.#inbox, name),
        async (candidate) => {
          await this.#running.useModels(candidate.dir);
          isTaken = true;
        },
      );
      // The store has it in use already; this process may have begun before that.
      if (!isTaken) await this.#running.useModels(dir);
      return `${nameOf(manifest)} is in use`;
    } catch (error) {
      // The store could not be written to, and names the bundle before.
      if (isTaken) await this.#running.useModels();
      throw error;
    }
  }

  /**
   * What watches the session, to be told by `restart` when models have changed: new models prove themselves, or give way to those
   * before.
   */
  async probation(log: Log): Promise<Probation> {
    const state = await this.#store.state();
    return new Probation({
      isOnTrial: state !== null && !state.proven,
      onProven: () => {
        this.#store.prove().then(
          (isNew) => isNew && log.info('the models have proven themselves'),
          (error: Error) => log.warn(`the models cannot be marked as proven: ${error.message}`),
        );
      },
      onFailed: (reason) => void this.#giveWay(reason, log),
    });
  }

  async #giveWay(reason: string, log: Log): Promise<void> {
    log.warn(`the models do badly: ${reason}`);
    try {
      const state = await this.#store.state();
      if (!state || state.proven || state.previous === null) return;
      log.warn(await this.rollBack());
    } catch (error) {
      log.warn(`the models before cannot be used: ${String(error)}`);
    }
  }

  /** The bundle before. Resolves to what was done. @throws as `install`; MODEL_NOT_FOUND where there is none before */
  async rollBack(): Promise<string> {
    const { manifest } = await this.#store.rollback();
    try {
      await this.#running.useModels();
    } catch (error) {
      await this.#store.rollback();
      throw error;
    }
    return `${nameOf(manifest)} is in use again`;
  }
}

const nameOf = ({ name, version }: Manifest): string => `${name} ${version}`;
