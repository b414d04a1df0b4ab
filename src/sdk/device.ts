import { openBundle } from '../runtime/bundle-store.js';
import type { Bundle, Manifest } from '../runtime/bundle.js';
import type { Engine, EngineFrame, EngineImage } from '../runtime/engine.js';
import { SonotrackError } from '../runtime/errors.js';
import { openEngine } from '../runtime/open-engine.js';
import {
  DEFAULT_PROFILE,
  loadProfile,
  runtimeOptionsOf,
  type FirmwareProfile,
} from '../runtime/profiles.js';
import {
  checkInteger,
  checkObject,
  checkOneOf,
  checkString,
  typeError,
} from '../runtime/validate.js';
import { ZOOM_MODES, ZoomImage, type ZoomMode } from '../runtime/zoom.js';
import { checkFrame } from './check.js';
import { DeviceState } from './device-state.js';
import { Image } from './image.js';
import { Tracker } from './tracker.js';
import type {
  DeviceInfo,
  DeviceOptions,
  EngineChoice,
  Frame,
  ModelInfo,
  TrackerOptions,
} from './types.js';

const ENGINES = ['auto', 'native', 'onnxruntime-node'] as const satisfies EngineChoice[];

const DEFAULTS = {
  profile: DEFAULT_PROFILE,
  engine: 'auto',
  /** Objects at once, unless the model has fewer slots. */
  maxObjects: 10,
} as const;

/** As in the schema of firmware profiles. */
const MOST_HISTORY_FRAMES = 600;

/**
 * Loads and verifies a model bundle and opens an inference engine on it. Usable from any thread; each worker thread opens
 * its own.
 * @throws TypeError, RangeError for bad options; SonotrackError PROFILE_NOT_FOUND, PROFILE_INVALID, MODEL_*,
 *   ENGINE_UNAVAILABLE, PROVIDER_UNAVAILABLE.
 * @example
 * const device = await openDevice({ profile: 'x86-cpu' });
 * const image = await device.setImage(frame);
 * const mask = await image.predict({ points: [{ x: 120.5, y: 80.5, label: 1 }] });
 * await device.close();
 */
export async function openDevice(options: DeviceOptions = {}): Promise<Device> {
  const given = checkObject(options, 'options', [
    'profile',
    'modelsDir',
    'trustedKeys',
    'engine',
    'zoom',
  ]);
  const choice = checkOneOf(given.engine ?? DEFAULTS.engine, 'engine', ENGINES);
  const profileName = checkString(given.profile ?? DEFAULTS.profile, 'profile');
  const modelsDir =
    given.modelsDir === undefined ? undefined : checkString(given.modelsDir, 'modelsDir');
  const trustedKeys = checkFiles(given.trustedKeys ?? [], 'trustedKeys');
  const zoom = given.zoom === undefined ? null : checkOneOf(given.zoom, 'zoom', ZOOM_MODES);
  const profile = await loadProfile(profileName);
  const { bundle, notice: storeNotice } = await openBundle(modelsDir, trustedKeys);
  const notices = fitNotices(profile, bundle.manifest);
  if (storeNotice) notices.push(storeNotice);
  const { engine, notice } = await openEngine(choice, {
    graphs: bundle.graphs,
    ...bundle.geometry,
    ...runtimeOptionsOf(profile),
  });
  if (notice) notices.push(notice);
  for (const provider of engine.info.fellBackFrom) {
    notices.push(`execution provider ${provider} is not available`);
  }
  for (const text of notices) process.emitWarning(text, 'SonotrackWarning');
  return new Device(engine, infoOf(engine, profile, bundle, notices), {
    zoom: zoom ?? profile.zoom,
    historyFrames: profile.historyFrames,
    scoreDoubt: bundle.manifest.sonosam.scoreDoubt,
    correctionDoubt: bundle.manifest.sonosam.correctionDoubt,
  });
}

interface DeviceSettings {
  zoom?: ZoomMode;
  historyFrames?: number;
  /** The manifest's. */
  scoreDoubt?: number;
  /** The manifest's. */
  correctionDoubt?: number;
}

/** An open engine with its models. Calls run one after the other; several images and trackers may be alive at once. */
export class Device {
  /** What was opened: engine, execution provider, models, profile, versions. Frozen. */
  readonly info: DeviceInfo;
  readonly #engine: Engine;
  readonly #zoom: ZoomMode;
  readonly #historyFrames: number;
  readonly #scoreDoubt: number;
  readonly #correctionDoubt: number;
  readonly #state = new DeviceState();
  #closing: Promise<void> | null = null;

  /** @internal Use `openDevice`. */
  constructor(
    engine: Engine,
    info: DeviceInfo,
    { zoom = 'off', historyFrames = 0, scoreDoubt = 1, correctionDoubt = 1 }: DeviceSettings = {},
  ) {
    this.#engine = engine;
    this.info = info;
    this.#zoom = zoom;
    this.#historyFrames = historyFrames;
    this.#scoreDoubt = scoreDoubt;
    this.#correctionDoubt = correctionDoubt;
  }

  /**
   * Encodes a frame (the expensive call); `predict` on the result is the cheap one. `frame.data` is copied before this
   * returns.
   * @throws TypeError, RangeError for a bad frame; SonotrackError DEVICE_CLOSED, INFERENCE_FAILED.
   */
  async setImage(frame: Frame): Promise<Image> {
    const { frame: pixels, meta } = checkFrame(frame, this.#state.nextFrameId);
    this.#state.assertOpen('encode');
    return new Image(await this.#encode(pixels), meta, this.#state, this.#scoreDoubt);
  }

  async #encode(pixels: EngineFrame): Promise<EngineImage> {
    if (this.#zoom === 'off') return this.#engine.setImage(pixels);
    const kept = { ...pixels, data: pixels.data.slice() };
    const whole = await this.#engine.setImage(pixels);
    return new ZoomImage(this.#engine, whole, kept, this.#zoom);
  }

  /**
   * A tracker of up to `maxObjects` objects (default 10; 1 to the model's slots), in which the last `historyFrames` frames
   * (default: the profile's; 0: only the last one) can be corrected.
   * @throws TypeError, RangeError for bad options; SonotrackError DEVICE_CLOSED.
   */
  async createTracker(options: TrackerOptions = {}): Promise<Tracker> {
    const { objectSlots, askBelow } = this.info.models.deaot;
    const given = checkObject(options, 'options', ['maxObjects', 'historyFrames']);
    const maxObjects = checkInteger(
      given.maxObjects ?? Math.min(DEFAULTS.maxObjects, objectSlots),
      'maxObjects',
      [1, objectSlots],
    );
    const historyFrames = checkInteger(
      given.historyFrames ?? this.#historyFrames,
      'historyFrames',
      [0, MOST_HISTORY_FRAMES],
    );
    this.#state.assertOpen('track');
    return new Tracker(this.#engine, this.#state, {
      maxObjects,
      askBelow,
      historyFrames,
      correctionDoubt: this.#correctionDoubt,
    });
  }

  /**
   * Refuses new work, lets the work in flight settle, and frees the engine with all its images and trackers. Idempotent,
   * safe at any moment.
   */
  close(): Promise<void> {
    this.#state.close();
    this.#closing ??= this.#state.idle().then(() => this.#engine.close());
    return this.#closing;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }
}

function checkFiles(value: unknown, name: string): string[] {
  if (!Array.isArray(value)) throw typeError('an array of file names', name, value);
  return value.map((file, i) => checkString(file, `${name}[${i}]`));
}

/** @throws SonotrackError PROFILE_INVALID when the profile asks for other input sizes than the bundle has. */
function fitNotices(profile: FirmwareProfile, manifest: Manifest): string[] {
  for (const model of ['sonosam', 'deaot'] as const) {
    const wanted = profile.inputSizePx[model];
    const { inputSizePx } = manifest[model];
    if (wanted === undefined || wanted === inputSizePx) continue;
    throw new SonotrackError(
      'PROFILE_INVALID',
      'profile',
      `profile ${profile.name}: expected ${inputSizePx}, the size of bundle ${manifest.name} ${manifest.version}, ` +
        `for \`inputSizePx.${model}\` but received ${wanted} (number)`,
    );
  }
  if (profile.precision === manifest.precision) return [];
  return [
    `profile ${profile.name} is meant for ${profile.precision} models, ` +
      `bundle ${manifest.name} ${manifest.version} has ${manifest.precision}`,
  ];
}

function infoOf(
  engine: Engine,
  profile: FirmwareProfile,
  { manifest, signedBy }: Bundle,
  notices: string[],
): DeviceInfo {
  const model = (name: 'sonosam' | 'deaot'): ModelInfo => ({
    name: manifest[name].name,
    version: manifest[name].version ?? manifest.version,
    precision: manifest[name].precision ?? manifest.precision,
    inputSizePx: manifest[name].inputSizePx,
    maskSizePx: manifest[name].maskSizePx,
  });
  const { objectSlots, askBelow } = manifest.deaot;
  return Object.freeze({
    ...engine.info,
    fellBackFrom: [...engine.info.fellBackFrom],
    profile: profile.name,
    models: Object.freeze({
      bundle: `${manifest.name} ${manifest.version}`,
      signedBy,
      sonosam: Object.freeze(model('sonosam')),
      deaot: Object.freeze({ ...model('deaot'), objectSlots, askBelow }),
    }),
    notices: Object.freeze(notices),
  });
}
