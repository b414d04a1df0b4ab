/** The only place that loads the native addon. What the addon throws becomes the errors of this package. */
import { createRequire } from 'node:module';
import { join } from 'node:path';
import type {
  Engine,
  EngineFrame,
  EngineImage,
  EngineInfo,
  EngineOptions,
  EnginePrediction,
  EnginePrompts,
  EngineTimings,
  EngineTrackedObject,
  EngineTracker,
  EngineTracking,
  ExecutionProvider,
  RuntimeOptions,
} from './engine.js';
import type { ModelGeometry } from './bundle.js';
import { SonotrackError, isErrorCode, type ErrorCode, type ErrorStage } from './errors.js';
import { packageRoot } from './package-info.js';

/** What the addon exports. */
export interface NativeBinding {
  open(options: EngineOptions & ModelGeometry): Promise<Engine>;
  /** Opens one graph and closes it, so that what its provider makes of it lies in the cache. */
  buildGraph(options: RuntimeOptions & { graph: string }): Promise<GraphBuild>;
  /** Execution providers of the ONNX Runtime library that it found. */
  availableProviders(): ExecutionProvider[];
  maskRle(bitmap: Uint8Array, widthPx: number, heightPx: number): ArrayLike<number>;
  maskContours(bitmap: Uint8Array, widthPx: number, heightPx: number): Float32Array[];
}

/** How a graph was opened. */
export interface GraphBuild {
  provider: ExecutionProvider;
  /** Tried before, and not available. */
  fellBackFrom: ExecutionProvider[];
  /** It lay in the cache already. */
  fromCache: boolean;
}

type LoadResult = { binding: NativeBinding; error: null } | { binding: null; error: unknown };

const require = createRequire(import.meta.url);
let loaded: LoadResult | null = null;

/** Loads the addon at the first call (a prebuilt one, or build/Release); afterwards gives what that call found. */
export function loadBinding(): LoadResult {
  if (loaded) return loaded;
  try {
    const root = packageRoot();
    const options: unknown = require(join(root, 'binding-options.cjs'));
    const load = require('pkg-prebuilds') as (root: string, options: unknown) => NativeBinding;
    loaded = { binding: load(root, options), error: null };
  } catch (error) {
    loaded = { binding: null, error };
  }
  return loaded;
}

/** The addon where an engine has loaded it, else null: nothing is loaded for a mask's sake. */
export const loadedBinding = (): NativeBinding | null => loaded?.binding ?? null;

/**
 * Opens the native engine.
 * @throws SonotrackError ENGINE_UNAVAILABLE when the addon cannot be loaded, PROVIDER_UNAVAILABLE, MODEL_LOAD_FAILED.
 */
export async function openNativeEngine(options: EngineOptions & ModelGeometry): Promise<Engine> {
  const binding = requireBinding();
  return new NativeEngine(await translated('engine', () => binding.open(options)));
}

/**
 * Optimises one graph, or builds its TensorRT engine, into the cache.
 * @throws SonotrackError ENGINE_UNAVAILABLE, PROVIDER_UNAVAILABLE, MODEL_LOAD_FAILED.
 */
export async function buildNativeGraph(
  graph: string,
  options: RuntimeOptions,
): Promise<GraphBuild> {
  const binding = requireBinding();
  return translated('engine', () => binding.buildGraph({ ...options, graph }));
}

function requireBinding(): NativeBinding {
  const { binding, error } = loadBinding();
  if (binding) return binding;
  throw new SonotrackError(
    'ENGINE_UNAVAILABLE',
    'engine',
    'the native addon cannot be loaded; build it with `npm run build:addon` or use the engine onnxruntime-node',
    { cause: error },
  );
}

class NativeEngine implements Engine {
  readonly info: EngineInfo;
  readonly #device: Engine;

  constructor(device: Engine) {
    this.#device = device;
    this.info = device.info;
  }

  async setImage(frame: EngineFrame): Promise<EngineImage> {
    return new NativeImage(await translated('encode', () => this.#device.setImage(frame)));
  }

  createTracker(options: { maxObjects: number }): EngineTracker {
    try {
      return new NativeTracker(this.#device.createTracker(options));
    } catch (error) {
      throw translate(error, 'track');
    }
  }

  close(): Promise<void> {
    return translated('engine', () => this.#device.close());
  }
}

class NativeImage implements EngineImage {
  readonly timings: EngineTimings;
  readonly #image: EngineImage;

  constructor(image: EngineImage) {
    this.#image = image;
    this.timings = image.timings;
  }

  predict(prompts: EnginePrompts): Promise<EnginePrediction> {
    return translated('predict', () => this.#image.predict(prompts));
  }

  close(): void {
    this.#image.close();
  }
}

class NativeTracker implements EngineTracker {
  readonly #tracker: EngineTracker;

  constructor(tracker: EngineTracker) {
    this.#tracker = tracker;
  }

  start(frame: EngineFrame, objects: { id: number; bitmap: Uint8Array }[]): Promise<void> {
    return translated('track', () => this.#tracker.start(frame, objects));
  }

  track(frame: EngineFrame): Promise<EngineTracking> {
    return translated('track', () => this.#tracker.track(frame));
  }

  correct(id: number, prompts: EnginePrompts): Promise<EngineTrackedObject> {
    return translated('track', () => this.#tracker.correct(id, prompts));
  }

  add(object: { id: number; bitmap: Uint8Array }): Promise<void> {
    return translated('track', () => this.#tracker.add(object));
  }

  replace(object: { id: number; bitmap: Uint8Array }): Promise<void> {
    return translated('track', () => this.#tracker.replace(object));
  }

  remove(id: number): Promise<void> {
    return translated('track', () => this.#tracker.remove(id));
  }

  get memoryBytes(): number {
    return this.#tracker.memoryBytes;
  }

  close(): void {
    this.#tracker.close();
  }
}

async function translated<T>(stage: ErrorStage, call: () => Promise<T>): Promise<T> {
  try {
    return await call();
  } catch (error) {
    throw translate(error, stage);
  }
}

/** Codes of the addon (native/core/error.cc) that have another name here. */
const RENAMED: Readonly<Record<string, ErrorCode>> = {
  MODEL_INVALID: 'MODEL_LOAD_FAILED',
  INFERENCE_CANCELLED: 'DEVICE_CLOSED',
  INTERNAL: 'INFERENCE_FAILED',
};

function translate(error: unknown, stage: ErrorStage): unknown {
  if (!(error instanceof Error)) return error;
  const { code } = error as Error & { code?: unknown };
  if (typeof code !== 'string' || error instanceof SonotrackError) return error;
  const known = isErrorCode(code) ? code : RENAMED[code];
  return known ? new SonotrackError(known, stage, error.message, { cause: error }) : error;
}
