/** One clip after the other: a live session that holds all its frames, whose masks and commands are kept on disk. */
import { join } from 'node:path';
import { openSource } from '../io/sources/index.js';
import { createSession } from '../live/session.js';
import type { Publisher, Session, SessionDevice } from '../live/types.js';
import { SonotrackError } from '../runtime/errors.js';
import { SerialQueue } from '../runtime/serial-queue.js';
import { checkInteger } from '../runtime/validate.js';
import type { SourceInfo } from '../sdk/types.js';
import { AnnotationStore, readAnnotation, type Annotation } from './annotation-store.js';
import type { ClipFile } from './clip-folder.js';
import { HeldSource } from './held-source.js';

/** The longest cine that a session holds. */
const CINE_SECONDS = 60;
/** Nothing is live here: a slow prediction is waited for. */
const BUDGET_MS = 60_000;

export interface AnnotatorOptions {
  device: SessionDevice;
  clips: readonly ClipFile[];
  /** Folder of the results. */
  out: string;
  /** Most memory of a clip's frames and masks, 1–4096 MiB. */
  memoryMiB: number;
  publishers: readonly Publisher[];
  /** Told whenever another clip is open. */
  onOpen(session: Session): void;
}

export interface AnnotationState {
  clips: { name: string; state: 'open' | 'started' | 'accepted'; clicks: number }[];
  /** Index of the clip that is open. */
  current: number;
  frames: number;
  /** Frames whose masks a correction has outdated. */
  renewing: number;
  /** Frames of which the tracker asks for a correction, or that lost an object. */
  toCheck: number[];
  /** Every clip is accepted. */
  isDone: boolean;
}

interface OpenClip {
  index: number;
  session: Session;
  store: AnnotationStore;
  /** Stops saving. */
  stop(): void;
}

export class Annotator {
  readonly #options: AnnotatorOptions;
  readonly #annotations: Annotation[];
  #open: OpenClip | null = null;
  /** Of the clip opened last. */
  #index = 0;
  #info: SourceInfo | null = null;
  /** One change of clip after the other, whoever asks. */
  readonly #changes = new SerialQueue();

  private constructor(options: AnnotatorOptions, annotations: Annotation[]) {
    this.#options = options;
    this.#annotations = annotations;
  }

  /** Opens the first clip that is not accepted. @throws what reading a clip or its annotation throws */
  static async start(options: AnnotatorOptions): Promise<Annotator> {
    const { clips, out } = options;
    const annotations = await Promise.all(
      clips.map((clip) => readAnnotation(clip, join(out, clip.name))),
    );
    const annotator = new Annotator(options, annotations);
    await annotator.#enter(annotator.#next(0) ?? 0);
    return annotator;
  }

  /** Of the clip opened last. */
  get info(): SourceInfo | null {
    return this.#info;
  }

  get state(): AnnotationState {
    const frames = this.#open?.session.frames ?? []; // none while another clip is being opened
    const stateOf = ({ accepted, commands }: Annotation): 'open' | 'started' | 'accepted' =>
      accepted ? 'accepted' : commands.length > 0 ? 'started' : 'open';
    return {
      clips: this.#annotations.map((annotation) => ({
        name: annotation.clip,
        state: stateOf(annotation),
        clicks: annotation.clicks,
      })),
      current: this.#index,
      frames: frames.length,
      renewing: frames.filter(({ isCurrent }) => !isCurrent).length,
      toCheck: frames
        .filter(({ objects }) => objects.some(({ status }) => status !== 'tracking'))
        .map(({ frame }) => frame.id),
      isDone: this.#annotations.every(({ accepted }) => accepted),
    };
  }

  /** Opens a clip and does again what was done on it. @throws RangeError; what reading it throws */
  open(index: number): Promise<void> {
    return this.#changes.run(() => this.#enter(index));
  }

  /** Waits until every mask is renewed and on disk, marks the clip as done, and opens the next one that is not. */
  accept(): Promise<void> {
    return this.#changes.run(async () => {
      if (!this.#open) {
        throw new SonotrackError('FRAME_NOT_AVAILABLE', 'source', 'no clip is open; choose one');
      }
      const { index, session, store } = this.#open;
      await renewed(session);
      if (session.counters.faults > 0) {
        const message = 'inference failed on this clip; open it again before it is accepted';
        throw new SonotrackError('INFERENCE_FAILED', 'track', message);
      }
      await store.accept(session.frames);
      const next = this.#next(index + 1);
      if (next !== null) await this.#enter(next);
    });
  }

  /** What was done is on disk then. Idempotent. */
  close(): Promise<void> {
    return this.#changes.run(() => this.#leave());
  }

  async #enter(index: number): Promise<void> {
    const { clips, out, memoryMiB, device, publishers, onOpen } = this.#options;
    checkInteger(index, 'clip', [0, clips.length - 1]);
    const clip = clips[index];
    const source = new HeldSource(await openSource(clip.uri), CINE_SECONDS);
    const store = await AnnotationStore.open(clip, out);
    await this.#leave();
    const session = createSession({
      source,
      device,
      publishers,
      channel: 'queue',
      cineSeconds: CINE_SECONDS,
      cineMiB: memoryMiB,
      budgetMs: BUDGET_MS,
      sceneCuts: false,
    });
    try {
      await processed(session, source);
      if (session.frames[0]?.frame.id !== 0) throw tooLarge(clip, memoryMiB);
      await session.seek(0);
      for (const command of store.annotation.commands) await redo(session, command);
    } catch (error) {
      await session.close();
      throw error;
    }
    this.#annotations[index] = store.annotation;
    const save = (): void => {
      // After a fault the session's masks are gone, not the user's work.
      if (session.counters.faults === 0)
        void store.saveMasks(session.frames).catch(() => undefined);
    };
    const stops = [session.on('result', save), session.on('status', save)];
    const stop = (): void => stops.forEach((end) => end());
    keep(session, store);
    this.#open = { index, session, store, stop };
    this.#index = index;
    this.#info = source.info;
    save();
    onOpen(session);
  }

  async #leave(): Promise<void> {
    const open = this.#open;
    if (!open) return;
    open.stop(); // a session that ends forgets its masks; what is on disk stays
    await open.store.settled();
    await open.session.close();
    this.#open = null;
  }

  /** The first clip from `from` on, in a circle, that is not accepted. */
  #next(from: number): number | null {
    const count = this.#annotations.length;
    for (let i = 0; i < count; i += 1) {
      const index = (from + i) % count;
      if (!this.#annotations[index].accepted) return index;
    }
    return null;
  }
}

function tooLarge({ name }: ClipFile, memoryMiB: number): SonotrackError {
  const message = `${name} does not fit into ${memoryMiB} MiB or ${CINE_SECONDS} s; give more --memory, or cut it`;
  return new SonotrackError('SOURCE_UNSUPPORTED', 'source', message);
}

/** When the session has taken all frames of the source; rejects when the source fails. */
async function processed(session: Session, source: HeldSource): Promise<void> {
  const failed = session.done.then(() => {
    throw new SonotrackError('SOURCE_INVALID', 'source', 'the clip has no frames');
  });
  const frames = await Promise.race([source.delivered, failed]);
  await until(session, () => session.counters.processed === frames);
  failed.catch(() => undefined);
}

const renewed = (session: Session): Promise<void> =>
  until(session, ({ catchingUp }) => catchingUp === 0);

function until(session: Session, holds: (status: Session['status']) => boolean): Promise<void> {
  return new Promise((resolve) => {
    const look = (): void => {
      if (!holds(session.status)) return;
      stops.forEach((end) => end());
      resolve();
    };
    const stops = [session.on('result', look), session.on('status', look)];
    look();
  });
}

/** Each command sees the masks that the one before it led to, as the user did. */
async function redo(session: Session, command: Annotation['commands'][number]): Promise<void> {
  const { type, ...given } = command;
  if (type === 'prompt') {
    await session.seek(command.frameId);
    await session.prompt(given as Parameters<Session['prompt']>[0]);
  } else if (type === 'undo') await session.undo();
  else if (type === 'remove') await session.remove(command.objectId);
  else await session.label(command.objectId, { name: command.name, colour: command.colour });
  await renewed(session);
}

/** From now on the session's commands are kept, each before its caller is told; and it stays on the clip. */
function keep(session: Session, store: AnnotationStore): void {
  const prompt = session.prompt.bind(session);
  const undo = session.undo.bind(session);
  const remove = session.remove.bind(session);
  const label = session.label.bind(session);
  const kept: Partial<Session> = {
    async prompt(given) {
      const known = session.status.objects.map(({ id }) => id);
      const outcome = await prompt(given);
      // By name: what lies under a click may be another object when it is done again.
      const objectId = known.includes(outcome.objectId) ? outcome.objectId : null;
      await store.record({ type: 'prompt', ...given, objectId });
      return outcome;
    },
    async undo() {
      const outcome = await undo();
      await store.record({ type: 'undo' });
      return outcome;
    },
    async remove(objectId) {
      await remove(objectId);
      await store.record({ type: 'remove', objectId });
    },
    async label(objectId, change) {
      await label(objectId, change);
      await store.record({ type: 'label', objectId, ...change });
    },
    goLive: async () => undefined,
  };
  Object.assign(session, kept);
}
