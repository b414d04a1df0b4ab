/** DeAOT on onnxruntime-node: the three graphs. The tracking state is in tracker.ts. */
import type { EngineOptions } from '../engine.js';
import { AnchoredFlow } from './flow/anchored-flow.js';
import { DisFlow } from './flow/dis-flow.js';
import type { Guide } from './flow-guide.js';
import { GraphSession, f32, finite, u8, type Feeds, type SessionOptions } from './session.js';

const FEATURES = ['features16', 'features8', 'features4'] as const;

/** Inputs of one propagation; shapes as in docs/reference/graphs.md. */
export interface Propagation extends Guide {
  image: Uint8Array;
  features: Feeds;
  references: Float32Array;
  previousMemory: Float32Array;
  active: Float32Array;
}

export class DeAot {
  readonly inputSide: number;
  readonly maskSide: number;
  /** K: objects at once; there are K + 1 channels. */
  readonly objectSlots: number;
  /** Values of one memory entry, T × D. */
  readonly memoryLength: number;
  readonly features16Length: number;
  /** Between letterboxed frames. All trackers share it: it leaves nothing of one search to the next. */
  readonly search: DisFlow;
  readonly #encoder: GraphSession;
  readonly #memorize: GraphSession;
  readonly #propagate: GraphSession;
  readonly #memoryShape: number[];

  private constructor(encoder: GraphSession, memorize: GraphSession, propagate: GraphSession) {
    this.#encoder = encoder;
    this.#memorize = memorize;
    this.#propagate = propagate;
    this.inputSide = encoder.shape('image')[3];
    const masks = memorize.shape('masks');
    this.maskSide = masks[3];
    this.objectSlots = masks[1] - 1;
    this.#memoryShape = memorize.shape('memory');
    this.memoryLength = product(this.#memoryShape);
    this.features16Length = product(encoder.shape('features16'));
    this.search = new DisFlow(this.inputSide, this.inputSide);
  }

  static async open(graphs: EngineOptions['graphs'], options: SessionOptions): Promise<DeAot> {
    const opened: GraphSession[] = [];
    const open = async (
      path: string,
      inputs: readonly string[],
      outputs: readonly string[],
    ): Promise<GraphSession> => {
      const session = await GraphSession.open(path, options, { inputs, outputs });
      opened.push(session);
      return session;
    };
    try {
      const encoder = await open(graphs.deaotEncoder, ['image'], FEATURES);
      const memorize = await open(graphs.deaotMemorize, ['features16', 'masks'], ['memory']);
      const propagate = await open(
        graphs.deaotPropagate,
        [
          'image',
          'carried',
          'evidence',
          'known',
          ...FEATURES,
          'references',
          'previous_memory',
          'active',
        ],
        ['masks', 'quality'],
      );
      return new DeAot(encoder, memorize, propagate);
    } catch (error) {
      await Promise.all(opened.map((session) => session.release()));
      throw error;
    }
  }

  // image u8[1, 1, S, S] → features f32[1, C, S/16, S/16] … [1, C, S/4, S/4]
  encode(image: Uint8Array): Promise<Feeds> {
    return this.#encoder.run({ image: this.#image(image) }, 'track');
  }

  // features16, masks f32[1, K+1, M, M] → memory f32[1, T, D]
  async memorize(features16: Feeds[string], masks: Float32Array): Promise<Float32Array> {
    const outputs = await this.#memorize.run({ features16, masks: this.#masks(masks) }, 'track');
    return finite(outputs, 'memory', 'track');
  }

  // → masks f32[1, K+1, M, M], quality f32[K+1]
  async propagate(step: Propagation): Promise<{ masks: Float32Array; quality: Float32Array }> {
    const [, tokens, depth] = this.#memoryShape;
    const { SOURCES, ANCHORS } = AnchoredFlow;
    const side = this.maskSide;
    const outputs = await this.#propagate.run(
      {
        ...step.features,
        image: this.#image(step.image),
        carried: f32(step.carried, [SOURCES, this.objectSlots + 1, side, side]),
        evidence: f32(step.evidence, [SOURCES, 2, side, side]),
        known: f32(step.known, [SOURCES]),
        references: f32(step.references, [ANCHORS, tokens, depth]),
        previous_memory: f32(step.previousMemory, [1, tokens, depth]),
        active: f32(step.active, [this.objectSlots + 1]),
      },
      'track',
    );
    return {
      masks: finite(outputs, 'masks', 'track'),
      quality: finite(outputs, 'quality', 'track'),
    };
  }

  async release(): Promise<void> {
    const sessions = [this.#encoder, this.#memorize, this.#propagate];
    await Promise.all(sessions.map((session) => session.release()));
  }

  #image(image: Uint8Array): Feeds[string] {
    return u8(image, [1, 1, this.inputSide, this.inputSide]);
  }

  #masks(masks: Float32Array): Feeds[string] {
    return f32(masks, [1, this.objectSlots + 1, this.maskSide, this.maskSide]);
  }
}

const product = (shape: number[]): number => shape.reduce((a, b) => a * b, 1);
