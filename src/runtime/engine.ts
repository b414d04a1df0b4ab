/**
 * What an inference engine does for the SDK. `native` (the addon) and `onnxruntime-node` implement it alike; both run the
 * graphs described in docs/reference/graphs.md. Coordinates are frame px, pixel centres at +0.5.
 */

export type ExecutionProvider = 'tensorrt' | 'cuda' | 'cpu';

/** 8-bit samples, row-major, heightPx × widthPx × channels. Copied before the call returns. */
export interface EngineFrame {
  data: Uint8Array;
  widthPx: number;
  heightPx: number;
  channels: 1 | 3 | 4;
}

/** Prompts in frame px: `points` holds x, y, label triples; `previous` a 0/1 bitmap of the frame's size. */
export interface EnginePrompts {
  points: Float32Array;
  box: Float32Array | null;
  previous: Uint8Array | null;
  multimask: boolean;
}

export interface EngineMask {
  /** 0/1, heightPx × widthPx. */
  bitmap: Uint8Array;
  areaPx: number;
  /** Half-open x0, y0, x1, y1; null when empty. */
  box: [number, number, number, number] | null;
  /** Predicted IoU, 0–1. */
  score: number;
}

/** Milliseconds from the call on; queueMs is the wait for the inference thread. */
export interface EngineTimings {
  queueMs: number;
  preprocessMs: number;
  inferenceMs: number;
  postprocessMs: number;
  totalMs: number;
}

export interface EnginePrediction {
  mask: EngineMask;
  /** Best first; empty unless `multimask` was asked for. */
  candidates: EngineMask[];
  timings: EngineTimings;
}

export interface EngineTrackedObject {
  id: number;
  mask: EngineMask;
  /** Estimated DSC, 0–1. */
  quality: number;
}

export interface EngineTracking {
  /** In ascending id. */
  objects: EngineTrackedObject[];
  timings: EngineTimings;
}

/** An encoded image; `close` frees its embedding and is idempotent. */
export interface EngineImage {
  readonly timings: EngineTimings;
  predict(prompts: EnginePrompts): Promise<EnginePrediction>;
  close(): void;
}

/** Tracking state of one stream. Every call acts on the frame last given to `start` or `track`, in call order. */
export interface EngineTracker {
  start(frame: EngineFrame, objects: { id: number; bitmap: Uint8Array }[]): Promise<void>;
  track(frame: EngineFrame): Promise<EngineTracking>;
  /** SonoSAMLite on the frame last tracked; `previous` null takes the tracked mask. The result becomes a reference. */
  correct(id: number, prompts: EnginePrompts): Promise<EngineTrackedObject>;
  add(object: { id: number; bitmap: Uint8Array }): Promise<void>;
  /** Another mask for an object on the frame last tracked, empty if it is lost. The frame becomes a reference. */
  replace(object: { id: number; bitmap: Uint8Array }): Promise<void>;
  remove(id: number): Promise<void>;
  /** Bytes of state held; constant after `start`. */
  readonly memoryBytes: number;
  close(): void;
}

export interface EngineInfo {
  engine: 'native' | 'onnxruntime-node';
  executionProvider: ExecutionProvider;
  /** Providers of the profile that were tried and were not available, in order. */
  fellBackFrom: ExecutionProvider[];
  /** Version of the addon, null for the fallback engine. */
  addonVersion: string | null;
  onnxruntimeVersion: string;
}

export interface Engine {
  readonly info: EngineInfo;
  setImage(frame: EngineFrame): Promise<EngineImage>;
  createTracker(options: { maxObjects: number }): EngineTracker;
  /** Refuses new work, waits for the work in flight, frees the sessions. Idempotent. */
  close(): Promise<void>;
}

/** How graphs are run: the profile's settings. */
export interface RuntimeOptions {
  /** Tried in this order. */
  providers: ExecutionProvider[];
  /** Threads of one inference, and of the flow beside it, ≥ 1. */
  threads: number;
  /** How long one of these threads spins for work during a run before it sleeps, µs; 0: not at all. They never spin between runs. */
  spinUs: number;
  /** Folder for optimised graphs and TensorRT engines, or null for no cache. */
  cacheDir: string | null;
}

/** What an engine needs to open: absolute paths of the five graphs, and how to run them. */
export interface EngineOptions extends RuntimeOptions {
  graphs: {
    sonosamEncoder: string;
    sonosamDecoder: string;
    deaotEncoder: string;
    deaotMemorize: string;
    deaotPropagate: string;
  };
}
