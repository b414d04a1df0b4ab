/** The fallback engine: the same graphs on onnxruntime-node, the reference that the native engine is held against. */
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import type { ModelGeometry } from '../bundle.js';
import type {
  Engine,
  EngineFrame,
  EngineImage,
  EngineInfo,
  EngineOptions,
  EnginePrediction,
  EnginePrompts,
  EngineTimings,
  EngineTracker,
  ExecutionProvider,
} from '../engine.js';
import { SonotrackError } from '../errors.js';
import { SerialQueue } from '../serial-queue.js';
import { DeAot } from './deaot.js';
import { letterboxGray } from './letterbox.js';
import type { Feeds, SessionOptions } from './session.js';
import { SonoSamLite, type View } from './sonosam.js';
import { Stopwatch } from './timings.js';
import { FallbackTracker } from './tracker.js';

interface Models {
  sonosam: SonoSamLite;
  deaot: DeAot;
}

/**
 * Opens the five graphs with the first provider of the profile that is available.
 * @throws SonotrackError PROVIDER_UNAVAILABLE when none is, MODEL_LOAD_FAILED when a graph cannot be loaded.
 */
export async function openFallbackEngine(options: EngineOptions & ModelGeometry): Promise<Engine> {
  const fellBackFrom: ExecutionProvider[] = [];
  // CUDA and TensorRT belong to the native engine: this package's onnxruntime-node is installed without them.
  for (const provider of options.providers) {
    if (provider === 'cpu') break;
    fellBackFrom.push(provider);
  }
  if (!options.providers.includes('cpu')) {
    throw new SonotrackError(
      'PROVIDER_UNAVAILABLE',
      'engine',
      `none of the profile's providers (${options.providers.join(', ')}) is available; available: cpu`,
    );
  }
  const session: SessionOptions = { provider: 'cpu', threads: options.threads };
  const sonosam = await SonoSamLite.open(options.graphs, session);
  try {
    const deaot = await DeAot.open(options.graphs, session);
    checkGeometry(options, sonosam, deaot);
    return new FallbackEngine({ sonosam, deaot }, fellBackFrom);
  } catch (error) {
    await sonosam.release();
    throw error;
  }
}

/** @throws SonotrackError MODEL_LOAD_FAILED when the graphs have other sizes than the manifest says. */
function checkGeometry(wanted: ModelGeometry, sonosam: SonoSamLite, deaot: DeAot): void {
  const sizes = [
    ['inputSizePx', 'sonosam', sonosam.inputSide],
    ['inputSizePx', 'deaot', deaot.inputSide],
    ['maskSizePx', 'sonosam', sonosam.maskSide],
    ['maskSizePx', 'deaot', deaot.maskSide],
    ['objectSlots', 'deaot', deaot.objectSlots],
  ] as const;
  for (const [field, model, found] of sizes) {
    if (wanted[field] === found) continue;
    throw new SonotrackError(
      'MODEL_LOAD_FAILED',
      'models',
      `expected ${wanted[field]}, as the manifest says, for \`${field}\` of the ${model} graphs but received ${found}`,
    );
  }
}

class FallbackEngine implements Engine {
  readonly info: EngineInfo;
  readonly #models: Models;
  readonly #queue = new SerialQueue();
  #closing: Promise<void> | null = null;

  constructor(models: Models, fellBackFrom: ExecutionProvider[]) {
    this.#models = models;
    this.info = {
      engine: 'onnxruntime-node',
      executionProvider: 'cpu',
      fellBackFrom,
      addonVersion: null,
      onnxruntimeVersion: onnxruntimeVersion(),
    };
  }

  setImage(frame: EngineFrame): Promise<EngineImage> {
    if (this.#closing) return Promise.reject(closedError('encode'));
    const watch = new Stopwatch();
    const { sonosam } = this.#models;
    const image = watch.preprocess(() => letterboxGray(frame, sonosam.inputSide));
    const view = sonosam.view(frame.widthPx, frame.heightPx);
    return this.#queue.run(async () => {
      watch.started();
      const embedding = await sonosam.encode(image);
      return new FallbackImage(sonosam, this.#queue, embedding, view, watch.stop());
    });
  }

  createTracker({ maxObjects }: { maxObjects: number }): EngineTracker {
    if (this.#closing) throw closedError('track');
    return new FallbackTracker(this.#models, this.#queue, maxObjects);
  }

  close(): Promise<void> {
    this.#closing ??= this.#queue.run(async () => {
      await Promise.all([this.#models.sonosam.release(), this.#models.deaot.release()]);
    });
    return this.#closing;
  }
}

class FallbackImage implements EngineImage {
  readonly timings: EngineTimings;
  readonly #sonosam: SonoSamLite;
  readonly #queue: SerialQueue;
  readonly #view: View;
  #embedding: Feeds | null;

  constructor(
    sonosam: SonoSamLite,
    queue: SerialQueue,
    embedding: Feeds,
    view: View,
    timings: EngineTimings,
  ) {
    this.#sonosam = sonosam;
    this.#queue = queue;
    this.#embedding = embedding;
    this.#view = view;
    this.timings = timings;
  }

  predict(prompts: EnginePrompts): Promise<EnginePrediction> {
    const embedding = this.#embedding;
    if (!embedding) {
      return Promise.reject(new SonotrackError('IMAGE_CLOSED', 'predict', 'the image is closed'));
    }
    const watch = new Stopwatch();
    const prepared = watch.preprocess(() => this.#sonosam.prepare(prompts, this.#view));
    return this.#queue.run(async () => {
      watch.started();
      const outputs = await this.#sonosam.decode(embedding, prepared);
      const masks = watch.postprocess(() =>
        this.#sonosam.masks(outputs, this.#view, prepared.multimask),
      );
      return { ...masks, timings: watch.stop() };
    });
  }

  close(): void {
    this.#embedding = null;
  }
}

const closedError = (stage: 'encode' | 'track'): SonotrackError =>
  new SonotrackError('DEVICE_CLOSED', stage, 'the device is closed');

function onnxruntimeVersion(): string {
  const file = createRequire(import.meta.url).resolve('onnxruntime-node/package.json');
  return (JSON.parse(readFileSync(file, 'utf8')) as { version: string }).version;
}
