/** What has been annotated of one clip, on disk at every moment: its masks, and the commands that made them. */
import { mkdir, readdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { writeAtomically } from '../io/writers/atomic.js';
import { encodeLabelPng } from '../io/writers/labels.js';
import type { SessionFrame, SessionPrompt } from '../live/types.js';
import { SonotrackError } from '../runtime/errors.js';
import type { ClipFile } from './clip-folder.js';

/** What the user did, in order: done again, it leads to the same masks. */
export type AnnotationCommand =
  | ({ type: 'prompt' } & SessionPrompt)
  | { type: 'undo' }
  | { type: 'remove'; objectId: number }
  | { type: 'label'; objectId: number; name?: string | null; colour?: string | null };

/** annotation.json */
export interface Annotation {
  version: 1;
  clip: string;
  source: string;
  frames: number | null;
  accepted: boolean;
  /** Points and boxes given, those too that were taken back. */
  clicks: number;
  commands: AnnotationCommand[];
}

const VERSION = 1;

export class AnnotationStore {
  readonly annotation: Annotation;
  readonly #clip: ClipFile;
  readonly #folder: string;
  /** What was last written of each frame. */
  readonly #written = new Map<number, SessionFrame['objects']>();
  #writing: Promise<void> = Promise.resolve();

  private constructor(clip: ClipFile, folder: string, annotation: Annotation) {
    this.#clip = clip;
    this.#folder = folder;
    this.annotation = annotation;
  }

  /**
   * Takes up what `OUT/CLIP` holds, or begins it.
   * @throws SonotrackError SOURCE_INVALID when its annotation.json is none, WRITE_FAILED
   */
  static async open(clip: ClipFile, out: string): Promise<AnnotationStore> {
    const folder = join(out, clip.name);
    await mkdir(join(folder, 'masks'), { recursive: true }).catch((cause: unknown) => {
      throw new SonotrackError('WRITE_FAILED', 'write', `cannot create ${folder}`, { cause });
    });
    const annotation = await readAnnotation(clip, folder);
    await removeUnfinished(folder);
    await removeUnfinished(join(folder, 'masks'));
    return new AnnotationStore(clip, folder, annotation);
  }

  /** @throws SonotrackError WRITE_FAILED */
  async record(command: AnnotationCommand): Promise<void> {
    const { annotation } = this;
    annotation.commands.push(command);
    annotation.accepted = false;
    if (command.type === 'prompt') annotation.clicks += 1;
    await this.#save();
  }

  /** Writes the masks of the frames whose objects have changed, one file after the other. */
  async saveMasks(frames: readonly SessionFrame[]): Promise<void> {
    const changed = frames.filter(({ frame, objects, isCurrent }) => {
      const before = this.#written.get(frame.id);
      return isCurrent && objects !== before && (objects.length > 0 || before !== undefined);
    });
    for (const frame of changed) this.#written.set(frame.frame.id, frame.objects);
    await this.#queue(async () => {
      for (const frame of changed) await this.#writeMask(frame);
    });
  }

  /** Every frame has its file then, those without an object an empty one. */
  async accept(frames: readonly SessionFrame[]): Promise<void> {
    for (const { frame, objects } of frames) {
      if (objects.length === 0 && !this.#written.has(frame.id)) this.#written.set(frame.id, []);
    }
    await this.saveMasks(frames);
    this.annotation.accepted = true;
    this.annotation.frames = frames.length;
    await this.#save();
  }

  /** When everything asked for so far is on disk. */
  settled(): Promise<void> {
    return this.#writing;
  }

  #save(): Promise<void> {
    const text = `${JSON.stringify(this.annotation)}\n`;
    return this.#queue(() => writeAtomically(join(this.#folder, 'annotation.json'), text));
  }

  async #writeMask({ frame, objects }: SessionFrame): Promise<void> {
    const { id, widthPx, heightPx } = frame;
    const name = this.#clip.frameNames?.[id] ?? String(id).padStart(4, '0');
    const png = await encodeLabelPng(objects, widthPx, heightPx);
    await writeAtomically(join(this.#folder, 'masks', `${name}.png`), png);
  }

  #queue(work: () => Promise<void>): Promise<void> {
    const next = this.#writing.then(work);
    this.#writing = next.catch(() => undefined); // whoever asked is told; later work goes on
    return next;
  }
}

/** What a process that was killed had not renamed yet. */
async function removeUnfinished(folder: string): Promise<void> {
  for (const name of await readdir(folder)) {
    if (name.startsWith('.') && name.endsWith('.tmp')) await rm(join(folder, name));
  }
}

/** @throws SonotrackError SOURCE_INVALID */
export async function readAnnotation(clip: ClipFile, folder: string): Promise<Annotation> {
  const file = join(folder, 'annotation.json');
  const begun: Annotation = {
    version: VERSION,
    clip: clip.name,
    source: clip.uri,
    frames: null,
    accepted: false,
    clicks: 0,
    commands: [],
  };
  const text = await readFile(file, 'utf8').catch(() => null);
  if (text === null) return begun;
  try {
    const read = JSON.parse(text) as Annotation;
    if (read.version === VERSION && Array.isArray(read.commands)) return { ...begun, ...read };
  } catch {
    // told below
  }
  const message = `expected an annotation of version ${VERSION} in \`${file}\`; move it away to begin anew`;
  throw new SonotrackError('SOURCE_INVALID', 'source', message);
}
