import type { Command } from 'commander';
import { openSource } from '../io/sources/index.js';
import { writeAtomically } from '../io/writers/atomic.js';
import { encodeMaskPng } from '../io/writers/labels.js';
import { encodeOverlayPng } from '../io/writers/overlay.js';
import { SonotrackError } from '../runtime/errors.js';
import type { Frame, FrameSource } from '../sdk/types.js';
import {
  formatArea,
  print,
  promptsOf,
  withDevice,
  withPrompts,
  type GlobalOptions,
  type PromptOptions,
} from './shared.js';

interface SegmentOptions extends GlobalOptions, PromptOptions {
  out?: string;
  overlay?: string;
}

const EXAMPLES = `
Examples:
  $ sonotrack segment image.png --point 210,160 --out mask.png
  $ sonotrack segment image.png --point 210,160 --point 260,150,0 --overlay overlay.png
  $ sonotrack segment image.png --box 150,90,270,240 --json`;

export function addSegment(program: Command): void {
  const command = program
    .command('segment')
    .description('Segment one structure on an image (the first frame of a source).')
    .argument('<image>', 'PNG, JPEG or TIFF file, folder, or phantom:')
    .option('--out <file>', 'mask as PNG: 255 inside, 0 outside')
    .option('--overlay <file>', 'image with the mask drawn on it, as PNG')
    .addHelpText('after', EXAMPLES);
  withPrompts(command).action((image: string) => segment(image, command.optsWithGlobals()));
}

async function segment(uri: string, options: SegmentOptions): Promise<void> {
  const prompts = promptsOf(options);
  const source = await openSource(uri);
  const frame = await firstFrame(source, uri);
  await withDevice(options, async (device) => {
    const image = await device.setImage(frame);
    const mask = await image.predict(prompts);
    if (mask.areaPx === 0) {
      throw new SonotrackError('EMPTY_MASK', 'predict', 'nothing was found at the prompts');
    }
    if (options.out) await writeAtomically(options.out, await encodeMaskPng(mask));
    if (options.overlay) {
      await writeAtomically(options.overlay, await encodeOverlayPng(frame, [{ id: 1, mask }]));
    }
    const { areaPx, areaMm2, box, score } = mask;
    const value = {
      widthPx: frame.widthPx,
      heightPx: frame.heightPx,
      spacingMm: frame.spacingMm ?? null,
      areaPx,
      areaMm2,
      box,
      score,
      rle: mask.rle(),
      encodeTimings: image.timings,
      device: device.info,
      files: { mask: options.out ?? null, overlay: options.overlay ?? null },
    };
    const files = [options.out, options.overlay].filter((file) => file !== undefined);
    const text = [
      `area ${formatArea(areaMm2, areaPx)}, box ${box?.join(',')}, predicted IoU ${score.toFixed(3)}`,
      ...files.map((file) => `written ${file}`),
    ].join('\n');
    print(options, value, text);
  });
}

async function firstFrame(source: FrameSource, uri: string): Promise<Frame> {
  try {
    for await (const frame of source) return frame;
  } finally {
    await source.close();
  }
  throw new SonotrackError('SOURCE_INVALID', 'source', `${uri} holds no frame`);
}
