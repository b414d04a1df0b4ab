/** The stream's messages as docs/reference/stream.md describes them, and their decoding. */

export interface WireObject {
  id: number;
  quality: number;
  status: 'tracking' | 'ask' | 'lost';
  areaPx: number;
  areaMm2: number | null;
  box: [number, number, number, number] | null;
  rle: { size: [h: number, w: number]; counts: number[] };
}

export interface FrameHeader {
  version: number;
  type: 'frame';
  id: number;
  captureNs: string;
  widthPx: number;
  heightPx: number;
  spacingMm: { x: number; y: number } | null;
  format: 'gray8' | 'jpeg';
  revised: boolean;
  objects: WireObject[];
}

export interface Percentiles {
  p50: number;
  p95: number;
  p99: number;
}

export interface LatencyMessage {
  type: 'latency';
  fps: number;
  viewerDrops: number;
  stages: Partial<Record<'wait' | 'inference' | 'track' | 'total', Percentiles>>;
  counters: { dropped: number; faults: number };
}

export interface HelloMessage {
  type: 'hello';
  version: number;
  device: { engine: string; executionProvider: string; models: { bundle: string } };
  source: { kind: string; spacingMm: { x: number; y: number } | null };
}

export type ServerMessage =
  | HelloMessage
  | LatencyMessage
  | { type: 'notice'; notice: { kind: string; message: string } }
  | { type: 'clicked'; ref: number | null; objectId: number; frameId: number }
  | { type: 'removed'; ref: number | null; objectId: number }
  | { type: 'refused'; ref: number | null; code: string; message: string };

/** Binary message: u32 little-endian length, JSON header of that length, picture. */
export function decodeFrame(buffer: ArrayBuffer): {
  header: FrameHeader;
  picture: Uint8Array<ArrayBuffer>;
} {
  const length = new DataView(buffer).getUint32(0, true);
  const json = new TextDecoder().decode(new Uint8Array(buffer, 4, length));
  return { header: JSON.parse(json) as FrameHeader, picture: new Uint8Array(buffer, 4 + length) };
}

/** COCO run lengths (column-major, beginning with the run of 0) → u8[h, w], row-major. */
export function decodeRle({ size: [height, width], counts }: WireObject['rle']): Uint8Array {
  const bitmap = new Uint8Array(width * height);
  let at = 0;
  counts.forEach((count, run) => {
    if (run % 2 === 1) {
      for (let i = at; i < at + count; i++) {
        bitmap[(i % height) * width + Math.floor(i / height)] = 1;
      }
    }
    at += count;
  });
  return bitmap;
}
