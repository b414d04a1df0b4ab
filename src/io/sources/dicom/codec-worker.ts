/** The thread that decodes compressed frames: one message a frame, answered in order. */
import { parentPort } from 'node:worker_threads';
import { decodeFrame } from './codecs.js';
import { toPixels, type PixelFormat } from './pixels.js';
import { codingOf } from './transfer-syntax.js';

export interface DecodeRequest {
  bytes: Uint8Array;
  format: PixelFormat;
}

export type DecodeReply = { pixels: Uint8Array } | { error: string };

async function reply({ bytes, format }: DecodeRequest): Promise<DecodeReply> {
  try {
    const coding = codingOf(format.transferSyntax);
    if (!coding || coding === 'native' || coding === 'native-big-endian') {
      throw new Error(`no decoder for ${format.transferSyntax}`);
    }
    const source = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
    return { pixels: toPixels(format, await decodeFrame(coding, source, format)) };
  } catch (error) {
    return { error: error instanceof Error ? error.message : String(error) };
  }
}

const port = parentPort;
port?.on('message', (request: DecodeRequest) => {
  void reply(request).then((answer) => {
    port.postMessage(answer, 'pixels' in answer ? [answer.pixels.buffer as ArrayBuffer] : []);
  });
});
