/** The viewer as an annotation tool: the clips, how far each has got, and the way to the next. */
import { useEffect, useRef, useState } from 'preact/hooks';
import type { LiveStatus, ServerInfo } from '../../src/client/index.ts';

/** As `GET /api/annotation` answers. */
export interface AnnotationState {
  clips: { name: string; state: 'open' | 'started' | 'accepted'; clicks: number }[];
  current: number;
  frames: number;
  renewing: number;
  toCheck: number[];
  isDone: boolean;
}

export interface Annotation {
  /** Null until it is known, and where the server is no annotation tool. */
  state: AnnotationState | null;
  /** A clip is being accepted or opened. */
  isBusy: boolean;
  accept(): void;
  open(clip: number): void;
}

interface Tool {
  hello: ServerInfo | null;
  status: LiveStatus | null;
  token: string | undefined;
  onMessage(message: string): void;
  /** Another clip is open. */
  onClip(): void;
}

export function useAnnotation({ hello, status, token, onMessage, onClip }: Tool): Annotation {
  const [state, setState] = useState<AnnotationState | null>(null);
  const [isBusy, setBusy] = useState(false);
  /** Questions asked, the last one answered, and the last one asked when a change was answered. */
  const asked = useRef({ count: 0, answered: 0, outdated: 0 });
  const isTool = (hello?.source as { kind?: string } | undefined)?.kind === 'annotation';

  const ask = async (path = '', body?: object): Promise<void> => {
    const { current: order } = asked;
    order.count += 1;
    const number = order.count;
    const response = await fetch(`/api/annotation${path}`, {
      method: path === '' ? 'GET' : 'POST',
      headers: token ? { authorization: `Bearer ${token}` } : {},
      ...(body && { body: JSON.stringify(body) }),
    });
    const answer = (await response.json()) as AnnotationState & { error?: { message: string } };
    if (path !== '') order.outdated = order.count;
    // What was asked before a change was answered may tell of the time before it, whenever it comes in.
    else if (number <= order.outdated) return ask();
    else if (number < order.answered) return;
    order.answered = Math.max(order.answered, number);
    if (response.ok) setState(answer);
    else if (path !== '') onMessage(answer.error?.message ?? 'the server refused');
  };

  // What counts changes with the objects and with every mask renewed.
  const isQuiet = status?.catchingUp === 0;
  useEffect(() => {
    if (isTool) void ask().catch(() => undefined);
  }, [isTool, isQuiet, status?.objects, status?.viewedId]);
  useEffect(onClip, [state?.current]);

  const act = (path: string, body?: object): void => {
    if (isBusy) return;
    setBusy(true);
    ask(path, body)
      .catch((error: unknown) => onMessage(String(error)))
      .finally(() => setBusy(false));
  };
  return {
    state: isTool ? state : null,
    isBusy,
    accept: () => act('/accept', {}),
    open: (clip) => act('/open', { clip }),
  };
}

const STATE_TEXT = { open: '', started: 'begun', accepted: 'accepted' };

export function AnnotationCard({
  annotation,
  onSeek,
}: {
  annotation: Annotation;
  onSeek(frameId: number): void;
}) {
  const { state, isBusy, open } = annotation;
  if (!state) return null;
  const accepted = state.clips.filter((clip) => clip.state === 'accepted').length;
  return (
    <section class="card annotation" aria-labelledby="annotation-title" data-clip={state.current}>
      <h2 id="annotation-title">
        Clips <span class="soft">{`${accepted} of ${state.clips.length} accepted`}</span>
      </h2>
      <ol class="clips">
        {state.clips.map(({ name, state: how, clicks }, index) => (
          <li key={name} data-state={how}>
            <button
              type="button"
              aria-current={index === state.current}
              disabled={isBusy}
              onClick={() => open(index)}
            >
              <span class="object-name">{name}</span>
              <span class="soft">
                {STATE_TEXT[how]}
                {clicks > 0 && ` · ${clicks} ${clicks === 1 ? 'click' : 'clicks'}`}
              </span>
            </button>
          </li>
        ))}
      </ol>
      <p class="hint" data-renewing={state.renewing}>
        {isBusy && 'one moment …'}
        {!isBusy && state.renewing > 0 && `tracking, ${state.renewing} frames to go`}
        {!isBusy && state.renewing === 0 && state.isDone && 'All clips are accepted.'}
      </p>
      {state.toCheck.length > 0 && (
        <p class="hint">
          To check:{' '}
          {state.toCheck.slice(0, 12).map((id) => (
            <button key={id} type="button" class="small" onClick={() => onSeek(id)}>
              {id}
            </button>
          ))}
          {state.toCheck.length > 12 && ` and ${state.toCheck.length - 12} more`}
        </p>
      )}
    </section>
  );
}

/** Keys of the tool beside those of the viewer. */
export const ANNOTATION_KEYS: readonly [keys: string, what: string][] = [
  ['A', 'accept the clip, go to the next'],
  ['[ and ]', 'the clip before, the next one'],
  ['E', 'the next frame to check'],
  ['Space', 'play, pause'],
];
