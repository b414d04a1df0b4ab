/** One ONNX graph on onnxruntime-node: its names and types are checked when it opens, its outputs when it runs. */
import * as ort from 'onnxruntime-node';
import { readCpuFlags, signedWeightsSaturate } from '../cpu.js';
import type { ExecutionProvider } from '../engine.js';
import { SonotrackError } from '../errors.js';

export type Feeds = Record<string, ort.Tensor>;

export interface SessionOptions {
  provider: ExecutionProvider;
  threads: number;
}

export class GraphSession {
  readonly #session: ort.InferenceSession;
  readonly #path: string;

  private constructor(session: ort.InferenceSession, path: string) {
    this.#session = session;
    this.#path = path;
  }

  /** @throws SonotrackError MODEL_LOAD_FAILED when the file is no graph, or one with other inputs or outputs. */
  static async open(
    path: string,
    { provider, threads }: SessionOptions,
    io: { inputs: readonly string[]; outputs: readonly string[] },
  ): Promise<GraphSession> {
    let session: ort.InferenceSession;
    try {
      session = await ort.InferenceSession.create(path, {
        executionProviders: [provider],
        intraOpNumThreads: threads,
        interOpNumThreads: 1,
        graphOptimizationLevel: 'all',
        logSeverityLevel: 3,
        ...(signedWeightsSaturate(await readCpuFlags()) && {
          extra: { session: { x64quantprecision: '1' } },
        }),
      });
    } catch (cause) {
      throw new SonotrackError('MODEL_LOAD_FAILED', 'models', `cannot load ${path}`, { cause });
    }
    for (const [kind, wanted, found] of [
      ['input', io.inputs, session.inputNames],
      ['output', io.outputs, session.outputNames],
    ] as const) {
      const missing = wanted.find((name) => !found.includes(name));
      if (missing === undefined) continue;
      await session.release();
      throw new SonotrackError(
        'MODEL_LOAD_FAILED',
        'models',
        `${path} has no ${kind} \`${missing}\`, it has ${found.join(', ')}`,
      );
    }
    return new GraphSession(session, path);
  }

  get inputNames(): readonly string[] {
    return this.#session.inputNames;
  }

  /** Axes of an input or output, those that are not static by their names; none where it is no tensor. */
  dimensions(name: string): readonly (number | string)[] {
    const value = [...this.#session.inputMetadata, ...this.#session.outputMetadata].find(
      (v) => v.name === name,
    );
    return value?.isTensor ? value.shape : [];
  }

  /** The static shape of an input or output. */
  shape(name: string): number[] {
    const shape = this.dimensions(name);
    if (!shape.length || shape.some((n) => typeof n !== 'number')) {
      throw new SonotrackError(
        'MODEL_LOAD_FAILED',
        'models',
        `${this.#path}: expected a static shape for \`${name}\` but found [${shape.join(', ')}]`,
      );
    }
    return shape as number[];
  }

  async run(feeds: Feeds, stage: 'encode' | 'predict' | 'track'): Promise<Feeds> {
    try {
      return (await this.#session.run(feeds)) as Feeds;
    } catch (cause) {
      throw new SonotrackError('INFERENCE_FAILED', stage, `inference of ${this.#path} failed`, {
        cause,
      });
    }
  }

  release(): Promise<void> {
    return this.#session.release();
  }
}

/** A float output's values. @throws SonotrackError INFERENCE_FAILED when one of them is not finite. */
export function finite(
  outputs: Feeds,
  name: string,
  stage: 'encode' | 'predict' | 'track',
): Float32Array {
  const data = outputs[name].data as Float32Array;
  for (let i = 0; i < data.length; i++) {
    if (Number.isFinite(data[i])) continue;
    throw new SonotrackError(
      'INFERENCE_FAILED',
      stage,
      `output \`${name}\` [${outputs[name].dims.join(', ')}] holds ${data[i]} at ${i}`,
    );
  }
  return data;
}

export const u8 = (data: Uint8Array, dims: number[]): ort.Tensor =>
  new ort.Tensor('uint8', data, dims);
export const f32 = (data: Float32Array, dims: number[]): ort.Tensor =>
  new ort.Tensor('float32', data, dims);
