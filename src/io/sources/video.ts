/** Video files by ffmpeg, in a process of its own: raw frames come through a pipe that waits while they are not asked for. */
import { execFile, spawn } from 'node:child_process';
import { promisify } from 'node:util';
import { SonotrackError } from '../../runtime/errors.js';
import { MAX_SIDE_PX } from '../../sdk/mask.js';
import type { Frame, FrameSource, SourceInfo, SpacingMm } from '../../sdk/types.js';
import { ByteReader } from './byte-reader.js';
import type { Playback } from './playback.js';
import { damaged, reasonOf, unsupported } from './random-access.js';
import { StreamedSource } from './streamed.js';

export interface VideoSettings extends Playback {
  frameRateHz: number | null;
  spacingMm: SpacingMm | null;
}

/** Files only: a playlist must not reach for addresses. */
const INPUT = ['-protocol_whitelist', 'file,pipe'];
const PROBE_MS = 120_000;
const MOST_PROBE_BYTES = 2 ** 20;

interface Stream {
  width?: number;
  height?: number;
  pix_fmt?: string;
  avg_frame_rate?: string;
  nb_read_packets?: string;
}

/**
 * Every coded frame once, none made up or left out, at the average rate.
 * @throws SonotrackError SOURCE_UNSUPPORTED without ffmpeg or without pictures in the file, SOURCE_INVALID when it is damaged
 */
export async function openVideo(path: string, settings: VideoSettings): Promise<FrameSource> {
  const stream = await probe(path);
  const { width: widthPx = 0, height: heightPx = 0 } = stream;
  if (widthPx < 1 || heightPx < 1 || widthPx > MAX_SIDE_PX || heightPx > MAX_SIDE_PX) {
    throw unsupported(
      path,
      `pictures of 1–${MAX_SIDE_PX} px a side`,
      `${widthPx} × ${heightPx} px`,
    );
  }
  const frames = Number(stream.nb_read_packets);
  const [count, seconds] = (stream.avg_frame_rate ?? '0/0').split('/').map(Number);
  const info: SourceInfo = {
    kind: 'video',
    frames: frames > 0 ? frames : null,
    widthPx,
    heightPx,
    channels: stream.pix_fmt?.startsWith('gray') ? 1 : 3,
    frameRateHz: count > 0 && seconds > 0 ? count / seconds : settings.frameRateHz,
    spacingMm: settings.spacingMm,
    regions: [],
    modality: null,
  };
  return new StreamedSource(info, (signal) => decode(path, info, signal), settings);
}

async function probe(path: string): Promise<Stream> {
  const show = 'stream=width,height,pix_fmt,avg_frame_rate,nb_read_packets';
  const args = ['-v', 'error', ...INPUT, '-select_streams', 'v:0', '-count_packets'];
  const run = promisify(execFile)(
    'ffprobe',
    [...args, '-show_entries', show, '-of', 'json', `file:${path}`],
    { timeout: PROBE_MS, maxBuffer: MOST_PROBE_BYTES },
  );
  const { stdout } = await run.catch((cause: NodeJS.ErrnoException & { stderr?: string }) => {
    if (cause.code === 'ENOENT') throw noFfmpeg(path, cause);
    throw damaged(path, cause.stderr?.split('\n')[0] || reasonOf(cause), cause);
  });
  const [stream] = (JSON.parse(stdout) as { streams?: Stream[] }).streams ?? [];
  if (!stream) throw unsupported(path, 'a file with pictures', 'one without');
  return stream;
}

function noFfmpeg(path: string, cause: unknown): SonotrackError {
  return new SonotrackError(
    'SOURCE_UNSUPPORTED',
    'source',
    `reading the video ${path} needs ffmpeg and ffprobe on the PATH`,
    { cause },
  );
}

async function* decode(path: string, info: SourceInfo, signal: AbortSignal): AsyncGenerator<Frame> {
  const { widthPx, heightPx, channels, spacingMm } = info;
  const format = ['-f', 'rawvideo', '-pix_fmt', channels === 1 ? 'gray' : 'rgb24', 'pipe:1'];
  const child = spawn(
    'ffmpeg',
    // Each coded frame once (passthrough), as it lies in the file (no rotation).
    ['-v', 'error', '-nostdin', '-noautorotate', ...INPUT, '-i', `file:${path}`, '-map', '0:v:0']
      .concat(['-fps_mode', 'passthrough'])
      .concat(format),
    { stdio: ['ignore', 'pipe', 'pipe'], signal },
  );
  let complaint = '';
  child.stderr.on('data', (data: Buffer) => {
    if (complaint.length < 1000) complaint += data.toString();
  });
  const ended = new Promise<unknown>((resolve) => {
    child.once('error', resolve);
    child.once('close', (code) => resolve(code));
  });
  let frames = 0;
  try {
    const reader = new ByteReader(child.stdout);
    for (;;) {
      const data = await reader.read(widthPx * heightPx * channels);
      if (!data) break;
      frames += 1;
      yield { data, widthPx, heightPx, channels, spacingMm };
    }
    const code = await ended;
    if (code !== 0 || complaint) {
      throw new Error(complaint.trim().split('\n')[0] || `ffmpeg ended with ${String(code)}`);
    }
  } catch (cause) {
    throw damaged(path, `after ${frames} frames: ${reasonOf(cause)}`, cause);
  } finally {
    child.kill('SIGKILL');
  }
}
