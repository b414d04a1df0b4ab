/**
 * A folder of installed model bundles, one of them in use:
 *
 *     STORE/store.json          which is in use, which was before, whether it has proven itself
 *     STORE/bundles/NAME-VERSION-HASH/
 *
 * A new bundle is copied beside the others, checked, and then named by store.json, which is replaced as a whole: whenever the
 * power goes, the store names a bundle that was checked.
 */
import { createHash, type KeyObject } from 'node:crypto';
import { access, mkdir, readFile, readdir, rename, rm } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import {
  MANIFEST_FILE,
  SIGNATURE_FILE,
  readManifest,
  readTrustedKeys,
} from './bundle-signature.js';
import { loadBundle, type Bundle } from './bundle.js';
import { copyDurably, syncFolder, writeDurably } from './durable.js';
import { SonotrackError } from './errors.js';
import { withStoreLock } from './store-lock.js';

/** store.json. */
export interface StoreState {
  schemaVersion: 1;
  /** Folder names in bundles/. */
  current: string;
  previous: string | null;
  /** Whether the bundle in use was found good in operation; until then the runtime may go back by itself. */
  proven: boolean;
}

/** Looks at a candidate beside the bundle in use (null for the first) and throws to refuse it. */
export type Trial = (candidate: Bundle, current: Bundle | null) => Promise<void>;

const STATE_FILE = 'store.json';
const INCOMING = '.incoming-';

/**
 * The bundle that `modelsDir` names: a bundle's folder (default: the shipped one), or a store. `keyFiles` are PEM files of the
 * keys that are trusted; with them a bundle must be signed, and a store cannot be used without.
 * @throws SonotrackError MODEL_*
 */
export async function openBundle(
  modelsDir: string | undefined,
  keyFiles: readonly string[],
): Promise<{ bundle: Bundle; notice: string | null }> {
  const keys = await readTrustedKeys(keyFiles);
  if (modelsDir !== undefined && (await BundleStore.isStore(modelsDir))) {
    return new BundleStore(modelsDir, keys).open();
  }
  return { bundle: await loadBundle(modelsDir, keys), notice: null };
}

export class BundleStore {
  readonly dir: string;
  readonly #trustedKeys: readonly KeyObject[];

  /** `trustedKeys`: public keys whose bundles may be installed and used; at least one. */
  constructor(dir: string, trustedKeys: readonly KeyObject[]) {
    this.dir = resolve(dir);
    this.#trustedKeys = trustedKeys;
    if (trustedKeys.length > 0) return;
    throw new SonotrackError(
      'MODEL_UNTRUSTED',
      'models',
      `expected at least one trusted key for the store ${this.dir} but received none`,
    );
  }

  /** Whether `dir` is a store rather than a bundle. */
  static async isStore(dir: string): Promise<boolean> {
    return access(join(dir, STATE_FILE)).then(
      () => true,
      () => false,
    );
  }

  /** Null before the first install. */
  async state(): Promise<StoreState | null> {
    const file = join(this.dir, STATE_FILE);
    const text = await readFile(file, 'utf8').catch((error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') return null;
      throw error;
    });
    if (text === null) return null;
    const value = JSON.parse(text) as StoreState;
    if (value.schemaVersion === 1 && typeof value.current === 'string') return value;
    throw new SonotrackError(
      'MODEL_UNSUPPORTED',
      'models',
      `${file}: expected schemaVersion 1 but received ${JSON.stringify(value.schemaVersion)}`,
    );
  }

  /**
   * The bundle in use, checked. Where it is damaged and the one before is not, the store goes back to that one; `notice` says so.
   * @throws SonotrackError MODEL_NOT_FOUND where nothing is installed; MODEL_* of the bundle in use where none is whole
   */
  async open(): Promise<{ bundle: Bundle; notice: string | null }> {
    const state = await this.state();
    if (!state) {
      throw new SonotrackError('MODEL_NOT_FOUND', 'models', `nothing is installed in ${this.dir}`);
    }
    try {
      return { bundle: await this.#load(state.current), notice: null };
    } catch (error) {
      const before = state.previous && (await this.#load(state.previous).catch(() => null));
      if (!before) throw error;
      const reason = error instanceof Error ? error.message : String(error);
      const next = { ...state, current: state.previous!, previous: state.current, proven: true };
      // a device whose disk cannot be written to must start all the same
      await withStoreLock(this.dir, () => this.#save(next)).catch(() => undefined);
      return { bundle: before, notice: `went back to ${state.previous}: ${reason}` };
    }
  }

  /**
   * Installs the bundle of folder `source`: checks it, copies it into the store, lets `trial` look at it, and puts it in use.
   * Until the last step nothing changes for whoever uses the store. The bundle that was in use stays for `rollback`; older
   * ones are removed.
   * @throws SonotrackError MODEL_* for a bundle that is not whole, not signed or not trusted, MODEL_STORE_BUSY, WRITE_FAILED,
   *   and what `trial` throws; then the store is as it was
   */
  async install(source: string, trial?: Trial): Promise<Bundle> {
    const given = await loadBundle(source, this.#trustedKeys);
    await mkdir(this.#bundles, { recursive: true });
    return withStoreLock(this.dir, async () => {
      const state = await this.state();
      await this.#removeAllBut(state);
      const name = await folderName(given);
      if (name === state?.current) return this.#load(name);
      if (name !== state?.previous) await this.#copy(given, name);
      try {
        const candidate = await this.#load(name);
        await trial?.(candidate, state && (await this.#load(state.current)));
        const previous = state?.current ?? null;
        const next: StoreState = { schemaVersion: 1, current: name, previous, proven: false };
        await this.#save(next);
        await this.#removeAllBut(next);
        return candidate;
      } catch (error) {
        await this.#removeAllBut(await this.state());
        throw error;
      }
    });
  }

  /**
   * Puts the bundle before into use again.
   * @throws SonotrackError MODEL_NOT_FOUND where there is none before; MODEL_* where it is damaged; MODEL_STORE_BUSY
   */
  async rollback(): Promise<Bundle> {
    const none = new SonotrackError(
      'MODEL_NOT_FOUND',
      'models',
      `no bundle before the one in use in ${this.dir}`,
    );
    if (!(await this.state())) throw none;
    return withStoreLock(this.dir, async () => {
      const state = await this.state();
      if (!state?.previous) throw none;
      const bundle = await this.#load(state.previous);
      const next = { ...state, current: state.previous, previous: state.current, proven: true };
      await this.#save(next);
      return bundle;
    });
  }

  /** Marks the bundle in use as good in operation; false when it was marked already. */
  async prove(): Promise<boolean> {
    return withStoreLock(this.dir, async () => {
      const state = await this.state();
      if (!state || state.proven) return false;
      await this.#save({ ...state, proven: true });
      return true;
    });
  }

  get #bundles(): string {
    return join(this.dir, 'bundles');
  }

  #load(name: string): Promise<Bundle> {
    return loadBundle(join(this.#bundles, name), this.#trustedKeys);
  }

  #save(state: StoreState): Promise<void> {
    return writeDurably(join(this.dir, STATE_FILE), `${JSON.stringify(state, null, 2)}\n`);
  }

  async #copy({ dir, manifest }: Bundle, name: string): Promise<void> {
    const incoming = join(this.#bundles, `${INCOMING}${name}`);
    try {
      await mkdir(incoming);
      const files = [MANIFEST_FILE, SIGNATURE_FILE, ...Object.keys(manifest.files)];
      for (const file of files) await copyDurably(join(dir, file), join(incoming, file));
      await syncFolder(incoming);
      await rename(incoming, join(this.#bundles, name));
      await syncFolder(this.#bundles);
    } catch (cause) {
      await rm(incoming, { recursive: true, force: true });
      const reason = cause instanceof Error ? cause.message : String(cause);
      throw new SonotrackError('WRITE_FAILED', 'write', `cannot copy ${dir}: ${reason}`, { cause });
    }
  }

  /** Also what an install left behind that was cut short. */
  async #removeAllBut(state: StoreState | null): Promise<void> {
    const kept = [state?.current, state?.previous];
    for (const name of await readdir(this.#bundles)) {
      if (kept.includes(name)) continue;
      await rm(join(this.#bundles, name), { recursive: true, force: true });
    }
  }
}

/** Two builds of one version are two bundles. */
async function folderName({ dir, manifest: { name, version } }: Bundle): Promise<string> {
  const hash = createHash('sha256')
    .update(await readManifest(dir))
    .digest('hex')
    .slice(0, 12);
  return `${name}-${version}-${hash}`;
}
