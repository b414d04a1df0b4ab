/** SonoSAMLite on onnxruntime-node: encoder once an image, decoder once a click. */
import type { EngineMask, EngineOptions, EnginePrompts } from '../engine.js';
import { measured } from '../label-map.js';
import {
  fitLetterbox,
  gridTaps,
  letterboxCoverage,
  toModelX,
  toModelY,
  type GridTaps,
  type Letterbox,
} from './letterbox.js';
import { logitsToBitmap } from './masks.js';
import { GraphSession, f32, finite, u8, type Feeds, type SessionOptions } from './session.js';

/** Rows of the decoder's `points`. */
export const MAX_POINTS = 32;
const CANDIDATES = 3;
const EMBEDDING = ['embedding', 'skip8', 'skip4', 'skip2'] as const;

/** How a frame lies in the model's square and where its pixels read the mask grid. */
export interface View {
  widthPx: number;
  heightPx: number;
  box: Letterbox;
  taps: GridTaps;
}

/** Prompts in model px, ready for the decoder. */
export interface ModelPrompts {
  points: Float32Array;
  box: Float32Array;
  previous: Uint8Array;
  multimask: boolean;
}

export class SonoSamLite {
  readonly inputSide: number;
  readonly maskSide: number;
  /** Bytes of one embedding with its skips. */
  readonly embeddingBytes: number;
  readonly #encoder: GraphSession;
  readonly #decoder: GraphSession;

  private constructor(encoder: GraphSession, decoder: GraphSession) {
    this.#encoder = encoder;
    this.#decoder = decoder;
    this.inputSide = encoder.shape('image')[3];
    this.maskSide = decoder.shape('mask')[3];
    this.embeddingBytes = EMBEDDING.reduce(
      (sum, name) => sum + 4 * encoder.shape(name).reduce((a, b) => a * b, 1),
      0,
    );
  }

  static async open(
    graphs: EngineOptions['graphs'],
    options: SessionOptions,
  ): Promise<SonoSamLite> {
    const encoder = await GraphSession.open(graphs.sonosamEncoder, options, {
      inputs: ['image'],
      outputs: EMBEDDING,
    });
    try {
      const decoder = await GraphSession.open(graphs.sonosamDecoder, options, {
        inputs: [...EMBEDDING, 'points', 'box', 'previous'],
        outputs: ['mask', 'score', 'candidates', 'candidate_scores'],
      });
      return new SonoSamLite(encoder, decoder);
    } catch (error) {
      await encoder.release();
      throw error;
    }
  }

  view(widthPx: number, heightPx: number): View {
    const box = fitLetterbox(widthPx, heightPx, this.inputSide);
    return { widthPx, heightPx, box, taps: gridTaps(box, this.maskSide) };
  }

  // image u8[1, 1, S, S] → embedding f32[1, 256, S/16, S/16], skips at S/8, S/4, S/2
  encode(image: Uint8Array): Promise<Feeds> {
    const side = this.inputSide;
    return this.#encoder.run({ image: u8(image, [1, 1, side, side]) }, 'encode');
  }

  prepare(prompts: EnginePrompts, { box, widthPx, heightPx }: View): ModelPrompts {
    return {
      points: modelPoints(prompts.points, box),
      box: modelBox(prompts.box, box),
      previous: prompts.previous
        ? letterboxCoverage(prompts.previous, widthPx, heightPx, this.inputSide)
        : new Uint8Array(this.maskSide * this.maskSide),
      multimask: prompts.multimask,
    };
  }

  // points f32[1, 32, 3], box f32[1, 4], previous u8[1, 1, M, M] → mask f32[1, 1, M, M], candidates f32[1, 3, M, M]
  async decode(embedding: Feeds, prompts: ModelPrompts): Promise<Feeds> {
    const side = this.maskSide;
    const feeds: Feeds = {
      points: f32(prompts.points, [1, MAX_POINTS, 3]),
      box: f32(prompts.box, [1, 4]),
      previous: u8(prompts.previous, [1, 1, side, side]),
    };
    for (const name of EMBEDDING) feeds[name] = embedding[name];
    return this.#decoder.run(feeds, 'predict');
  }

  /** The decoder's outputs on the frame; the candidates, best first, only when asked for. */
  masks(
    outputs: Feeds,
    view: View,
    multimask: boolean,
  ): { mask: EngineMask; candidates: EngineMask[] } {
    const cells = this.maskSide * this.maskSide;
    const onFrame = (name: string, scores: string, channel: number): EngineMask =>
      measured(
        logitsToBitmap(finite(outputs, name, 'predict'), channel * cells, view.taps),
        view.widthPx,
        Math.min(Math.max(finite(outputs, scores, 'predict')[channel], 0), 1),
      );
    return {
      mask: onFrame('mask', 'score', 0),
      candidates: multimask
        ? Array.from({ length: CANDIDATES }, (_, c) => onFrame('candidates', 'candidate_scores', c))
        : [],
    };
  }

  async release(): Promise<void> {
    await Promise.all([this.#encoder.release(), this.#decoder.release()]);
  }
}

/** x, y, label triples in frame px → [32, 3] in model px; of more than 32 the first and the 31 latest, unused rows −1. */
export function modelPoints(points: Float32Array, box: Letterbox): Float32Array {
  const count = points.length / 3;
  const rows = Array.from({ length: Math.min(count, MAX_POINTS) }, (_, row) =>
    row === 0 || count <= MAX_POINTS ? row : count - MAX_POINTS + row,
  );
  const out = new Float32Array(MAX_POINTS * 3);
  for (let row = 0; row < MAX_POINTS; row++) out[row * 3 + 2] = -1;
  rows.forEach((from, row) => {
    out[row * 3] = toModelX(box, points[from * 3]);
    out[row * 3 + 1] = toModelY(box, points[from * 3 + 1]);
    out[row * 3 + 2] = points[from * 3 + 2];
  });
  return out;
}

/** A box in frame px → model px; no box is all 0. */
export function modelBox(corners: Float32Array | null, box: Letterbox): Float32Array {
  if (!corners) return new Float32Array(4);
  return Float32Array.from(corners, (v, i) => (i % 2 ? toModelY(box, v) : toModelX(box, v)));
}
