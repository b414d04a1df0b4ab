/** What `track --write` adds to the label maps and pictures: one file each, frame after frame. */
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { writeAtomically } from '../io/writers/atomic.js';
import { CineReport } from '../io/writers/cine-report.js';
import { CocoWriter } from '../io/writers/coco.js';
import { DicomSegWriter } from '../io/writers/dicom-seg.js';
import { labelMap } from '../io/writers/labels.js';
import { NiftiWriter } from '../io/writers/nifti.js';
import { drawOverlay } from '../io/writers/overlay.js';
import { VideoWriter } from '../io/writers/video.js';
import type { Frame, FrameSource, TrackedObject } from '../sdk/types.js';
import { UsageError } from './failure.js';

export const OUTPUTS = ['nifti', 'seg', 'coco', 'video', 'report'] as const;
export type OutputKind = (typeof OUTPUTS)[number];

export interface TrackOutput {
  /** @param name of the frame's label map */
  frame(frame: Frame, objects: readonly TrackedObject[], name: string): Promise<void>;
  finish(): Promise<void>;
  /** After a failure: ends what runs, leaves no file. */
  abort(): Promise<void>;
}

/** Rate of the video of a source that has none, Hz. */
const ASSUMED_RATE_HZ = 25;

type Open = (folder: string, source: FrameSource, uri: string) => Promise<TrackOutput>;

const OPEN: Record<OutputKind, Open> = {
  async nifti(folder, { info }) {
    const writer = await NiftiWriter.create(join(folder, 'masks.nii.gz'), info);
    return {
      frame: ({ widthPx, heightPx }, objects) => writer.write(labelMap(objects, widthPx, heightPx)),
      finish: () => writer.finish(),
      abort: () => writer.abort(),
    };
  },
  async seg(folder, { info }, uri) {
    if (info.kind !== 'dicom') {
      throw new UsageError(`expected a DICOM source for \`--write seg\` but received ${uri}`);
    }
    const path = uri.startsWith('file:') ? fileURLToPath(uri) : uri;
    const writer = await DicomSegWriter.of(path);
    let frames = 0;
    return {
      frame: async (_frame, objects) => writer.add(frames++, objects),
      finish: () => writeAtomically(join(folder, 'masks.dcm'), writer.encode()),
      abort: async () => undefined,
    };
  },
  async coco(folder) {
    const writer = new CocoWriter();
    return {
      async frame({ widthPx, heightPx }, objects, name) {
        writer.add({ fileName: name, widthPx, heightPx }, objects);
      },
      finish: () => writeAtomically(join(folder, 'masks.json'), writer.encode()),
      abort: async () => undefined,
    };
  },
  async video(folder, { info }) {
    const { widthPx, heightPx } = info;
    const frameRateHz = info.frameRateHz ?? ASSUMED_RATE_HZ;
    const writer = new VideoWriter(join(folder, 'overlay.mp4'), { widthPx, heightPx, frameRateHz });
    return {
      frame: (frame, objects) => writer.write(drawOverlay(frame, objects)),
      finish: () => writer.finish(),
      abort: () => writer.abort(),
    };
  },
  async report(folder, _source, uri) {
    const report = new CineReport();
    // The name of a file may hold a patient's; the page says the kind of its source only.
    const title = uri.startsWith('phantom:')
      ? 'Tracked structure of the phantom'
      : 'Tracked structure';
    return {
      frame: (frame, objects) => report.add(frame, objects[0]),
      finish: () => writeAtomically(join(folder, 'report.html'), report.html(title)),
      abort: async () => undefined,
    };
  },
};

/** Opens one output a kind; when one cannot be opened, those before it are taken back. */
export async function openOutputs(
  kinds: readonly OutputKind[],
  folder: string,
  source: FrameSource,
  uri: string,
): Promise<TrackOutput> {
  const outputs: TrackOutput[] = [];
  const each = async (work: (output: TrackOutput) => Promise<void>): Promise<void> => {
    for (const output of outputs) await work(output);
  };
  const all: TrackOutput = {
    frame: (...args) => each((output) => output.frame(...args)),
    finish: () => each((output) => output.finish()),
    abort: () => each((output) => output.abort()),
  };
  try {
    for (const kind of new Set(kinds)) outputs.push(await OPEN[kind](folder, source, uri));
    return all;
  } catch (error) {
    await all.abort();
    throw error;
  }
}
