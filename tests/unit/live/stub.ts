/** A source that the test feeds frame by frame, a recording publisher, and a device without models. */
import { FakeEngine, type FakeEngineOptions } from '../../../src/runtime/fake-engine.js';
import { Device } from '../../../src/sdk/device.js';
import type { DeviceInfo, Frame, FrameSource, SourceInfo } from '../../../src/sdk/types.js';
import type { SessionClock } from '../../../src/live/clock.js';
import { createSession } from '../../../src/live/session.js';
import type {
  LatencyReport,
  LiveResult,
  Publisher,
  SessionNotice,
  SessionOptions,
  SessionStatus,
} from '../../../src/live/types.js';

export const WIDTH = 32;
export const HEIGHT = 24;

export function frame(id: number, widthPx = WIDTH, heightPx = HEIGHT): Frame {
  const data = new Uint8Array(widthPx * heightPx).fill(id);
  const spacingMm = { x: 0.5, y: 0.5 };
  return { data, widthPx, heightPx, channels: 1, spacingMm, id, captureNs: BigInt(id) };
}

export class FedSource implements FrameSource {
  readonly info: SourceInfo = {
    kind: 'test',
    frames: null,
    widthPx: WIDTH,
    heightPx: HEIGHT,
    channels: 1,
    frameRateHz: null,
    spacingMm: { x: 0.5, y: 0.5 },
    regions: [],
    modality: null,
  };
  closed = false;
  #waiting: Frame[] = [];
  #wake: () => void = () => undefined;
  #ended = false;
  #failure: Error | null = null;

  feed(...frames: Frame[]): void {
    this.#waiting.push(...frames);
    this.#wake();
  }

  end(failure: Error | null = null): void {
    this.#ended = true;
    this.#failure = failure;
    this.#wake();
  }

  async close(): Promise<void> {
    this.closed = true;
    this.end();
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Frame> {
    while (true) {
      const next = this.#waiting.shift();
      if (next) yield next;
      else if (this.#failure) throw this.#failure;
      else if (this.#ended) return;
      else await new Promise<void>((resolve) => (this.#wake = resolve));
    }
  }
}

/** Remembers everything, and lets a test wait for the nth result. */
export class Recorder implements Publisher {
  readonly name = 'recorder';
  readonly results: LiveResult[] = [];
  readonly reports: LatencyReport[] = [];
  readonly notices: SessionNotice[] = [];
  readonly statuses: SessionStatus[] = [];
  #changed: () => void = () => undefined;

  onResult(result: LiveResult): void {
    this.results.push(result);
    this.#changed();
  }
  onLatency(report: LatencyReport): void {
    this.reports.push(report);
    this.#changed();
  }
  onNotice(notice: SessionNotice): void {
    this.notices.push(notice);
    this.#changed();
  }
  onStatus(status: SessionStatus): void {
    this.statuses.push(status);
    this.#changed();
  }

  /** The newest result. */
  get last(): LiveResult {
    return this.results[this.results.length - 1];
  }

  async until(condition: () => boolean): Promise<void> {
    while (!condition()) await new Promise<void>((resolve) => (this.#changed = resolve));
  }

  async count(results: number): Promise<void> {
    await this.until(() => this.results.length >= results);
  }
}

/** A clock that stands still until the test moves it. */
export class TestClock implements SessionClock {
  #now = 0;
  #timers: { atMs: number; call: () => void }[] = [];

  nowMs(): number {
    return this.#now;
  }

  after(ms: number, call: () => void): () => void {
    const timer = { atMs: this.#now + ms, call };
    this.#timers.push(timer);
    return () => void (this.#timers = this.#timers.filter((other) => other !== timer));
  }

  advance(ms: number): void {
    this.#now += ms;
    const due = this.#timers.filter(({ atMs }) => atMs <= this.#now);
    this.#timers = this.#timers.filter(({ atMs }) => atMs > this.#now);
    for (const { call } of due) call();
  }
}

export function setUp(
  engineOptions: FakeEngineOptions = {},
  options: Partial<SessionOptions> = {},
) {
  const source = new FedSource();
  const recorder = new Recorder();
  const { device, engine } = createDevice(engineOptions);
  const session = createSession({ source, device, publishers: [recorder], ...options });
  return { source, recorder, device, engine, session };
}

/** Feeds frames one after the other, each when the one before has its result. */
export async function play({ source, recorder }: ReturnType<typeof setUp>, ...ids: number[]) {
  for (const id of ids) {
    const before = recorder.results.length;
    source.feed(frame(id));
    await recorder.count(before + 1);
  }
}

export const INFO: DeviceInfo = {
  engine: 'onnxruntime-node',
  executionProvider: 'cpu',
  fellBackFrom: [],
  addonVersion: null,
  onnxruntimeVersion: '0.0.0',
  profile: 'x86-cpu',
  models: {
    signedBy: null,
    bundle: 'test 1.0.0',
    sonosam: {
      name: 'sonosam',
      version: '1.0.0',
      precision: 'int8',
      inputSizePx: 256,
      maskSizePx: 128,
    },
    deaot: {
      name: 'deaot',
      version: '1.0.1',
      precision: 'int8',
      inputSizePx: 256,
      maskSizePx: 128,
      objectSlots: 10,
      askBelow: 0.9,
    },
  },
  notices: [],
} as DeviceInfo;

export function createDevice(options: FakeEngineOptions = {}): {
  device: Device;
  engine: FakeEngine;
} {
  const engine = new FakeEngine(options);
  return { device: new Device(engine, INFO), engine };
}
