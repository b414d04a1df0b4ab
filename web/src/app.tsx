import { useEffect, useMemo, useRef, useState } from 'preact/hooks';
import {
  CommandError,
  connect,
  type CommandOutcome,
  type ConnectionState,
  type LiveClient,
  type LiveFrame,
  type LiveLatency,
  type LiveObject,
  type LiveStatus,
  type ServerInfo,
} from '../../src/client/index.ts';
import { isTokenNeeded, keepToken, storedToken } from './access.ts';
import { AnnotationCard, ANNOTATION_KEYS, useAnnotation } from './annotation.tsx';
import { Controls, Help } from './controls.tsx';
import { AreaHistory } from './history.ts';
import { Objects } from './objects.tsx';
import { About, LatencyCard, TokenForm } from './panel.tsx';
import { PictureDecoder, type Picture } from './picture.ts';
import { Stage, type StagePrompt } from './stage.tsx';

/** Numbers that change faster than this cannot be read. */
const PANEL_MS = 200;
const MESSAGE_MS = 5000;
/** Time of a frame of a clip that is played, ms. */
const PLAY_MS = 80;
/** Frames whose glass-to-glass times are shown. */
const GLASS_FRAMES = 90;

const STATE_TEXT: Record<LiveStatus['state'], string> = {
  idle: 'no frames come in',
  live: 'live',
  frozen: 'frozen',
  lost: 'live · all objects lost',
  fault: 'overlay withdrawn',
};

/** Uncompressed pictures on this machine, compressed ones over a network. */
const FORMAT = ['localhost', '127.0.0.1', '[::1]'].includes(location.hostname) ? 'gray8' : 'jpeg';

export function App() {
  const [connection, setConnection] = useState<ConnectionState>({ isConnected: false, attempt: 0 });
  const [needsToken, setNeedsToken] = useState(false);
  const [token, setToken] = useState(storedToken);
  const [hello, setHello] = useState<ServerInfo | null>(null);
  const [status, setStatus] = useState<LiveStatus | null>(null);
  const [latency, setLatency] = useState<LiveLatency | null>(null);
  const [objects, setObjects] = useState<LiveObject[]>([]);
  const [isCalibrated, setCalibrated] = useState(true);
  /** The object that prompts are about; null: the one under the click, else another one. */
  const [active, setActive] = useState<number | null>(null);
  /** The next prompt starts another object, whatever lies under it. */
  const [startsNew, setStartsNew] = useState(false);
  const [pending, setPending] = useState(0);
  const [label, setLabel] = useState<0 | 1>(1);
  const [message, setMessage] = useState('');
  const [isHelpOpen, setHelpOpen] = useState(false);
  const [isPlaying, setPlaying] = useState(false);
  const client = useRef<LiveClient | null>(null);
  const show = useRef<(picture: Picture) => void>(() => undefined);
  const history = useRef(new AreaHistory());
  const glassMs = useRef<number[]>([]);
  /** When the panel was renewed, the timer that will renew it, and the frame that it is about. */
  const panel = useRef<{ atMs: number; timer: number; frame: LiveFrame | null }>({
    atMs: 0,
    timer: 0,
    frame: null,
  });
  const seeking = useRef<{ isBusy: boolean; next: number | null }>({ isBusy: false, next: null });

  const onPicture = (picture: Picture): void => {
    show.current(picture);
    const { frame } = picture;
    history.current.add(frame);
    const { current: state } = panel;
    state.frame = frame;
    const waitMs = state.atMs + PANEL_MS - performance.now();
    if (frame.revised || waitMs <= 0) renewPanel();
    // The last frame before the source stops must not be left out.
    else state.timer ||= window.setTimeout(renewPanel, waitMs);
  };

  const renewPanel = (): void => {
    const { current: state } = panel;
    clearTimeout(state.timer);
    state.timer = 0;
    state.atMs = performance.now();
    setObjects(state.frame?.objects ?? []);
    setCalibrated(state.frame?.spacingMm !== null);
  };

  const onShown = (frame: LiveFrame, isOnScreen: boolean): void => {
    client.current?.shown(frame, isOnScreen);
    const age = isOnScreen && !frame.revised ? client.current?.ageMs(frame) : null;
    if (typeof age !== 'number') return;
    glassMs.current.push(age);
    if (glassMs.current.length > GLASS_FRAMES) glassMs.current.shift();
  };

  useEffect(() => {
    const created = connect(location.origin, { token, format: FORMAT, acknowledge: 'manual' });
    client.current = created;
    const decoder = new PictureDecoder(onPicture, (frame) => created.shown(frame, false));
    created.on('frame', (frame) => void decoder.add(frame));
    created.on('hello', setHello);
    created.on('latency', setLatency);
    created.on('notice', (notice) => setMessage(notice.message));
    created.on('status', (next) => {
      setStatus(next);
      setActive((id) => (next.objects.some((object) => object.id === id) ? id : null));
    });
    created.on('connection', (next) => {
      setConnection(next);
      glassMs.current = [];
      if (next.isConnected) setNeedsToken(false);
      else void isTokenNeeded(token).then(setNeedsToken);
    });
    return () => created.close();
  }, [token]);

  useEffect(() => {
    if (message === '') return undefined;
    const timer = setTimeout(() => setMessage(''), MESSAGE_MS);
    return () => clearTimeout(timer);
  }, [message]);

  const select = (id: number | null, isNew = false): void => {
    setActive(id);
    setStartsNew(isNew);
  };

  /** Says why a command was refused. */
  const tell = async (
    command: Promise<CommandOutcome> | undefined,
  ): Promise<CommandOutcome | null> => {
    setPending((count) => count + 1);
    try {
      return (await command) ?? null;
    } catch (error) {
      setMessage(error instanceof CommandError ? error.message : String(error));
      return null;
    } finally {
      setPending((count) => count - 1);
    }
  };

  const onPrompt = (prompt: StagePrompt): void => {
    const { point } = prompt;
    if (hello?.role === 'view') {
      setMessage('This access is for looking only.');
      return;
    }
    if (point?.label === 0 && active === null && objects.length === 0) {
      setMessage('Mark a structure first; then its background can be marked.');
      return;
    }
    const about = active !== null ? { objectId: active } : startsNew ? { objectId: null } : {};
    void tell(client.current?.prompt({ ...prompt, ...about })).then((outcome) => {
      if (outcome && outcome.objectId !== null) select(outcome.objectId);
    });
  };

  /** One at a time: a slider moves faster than frames come. */
  const seek = (frameId: number): void => {
    const { current: state } = seeking;
    state.next = frameId;
    if (state.isBusy) return;
    state.isBusy = true;
    const step = async (): Promise<void> => {
      while (state.next !== null) {
        const to = state.next;
        state.next = null;
        await tell(client.current?.seek(to));
      }
      state.isBusy = false;
    };
    void step();
  };

  const annotation = useAnnotation({
    hello,
    status,
    token,
    onMessage: setMessage,
    onClip: () => {
      history.current = new AreaHistory();
      select(null);
      setPlaying(false);
    },
  });
  const tool = annotation.state;
  const cine = status?.cine;
  useEffect(() => {
    if (!isPlaying || !cine) return undefined;
    const viewed = status?.viewedId ?? cine.firstId;
    const next = viewed >= cine.lastId ? cine.firstId : viewed + 1;
    const timer = setTimeout(() => seek(next), PLAY_MS);
    return () => clearTimeout(timer);
  }, [isPlaying, status?.viewedId]);

  const isFrozen = status?.state === 'frozen';
  const onKey = (event: KeyboardEvent): void => {
    const { key, target } = event;
    if (target instanceof HTMLInputElement && target.type !== 'range') return;
    const isButton = target instanceof HTMLButtonElement;
    const viewed = status?.viewedId ?? status?.cine?.lastId;
    if (isHelpOpen && key !== '?') return;
    if (key === '?') setHelpOpen(!isHelpOpen);
    else if (key === 'n' || key === 'N') select(null, true);
    else if (key === 'Escape') select(null);
    else if (key === 'b' || key === 'B') setLabel(label === 1 ? 0 : 1);
    else if ((key === 'u' && !event.ctrlKey) || (key === 'z' && (event.ctrlKey || event.metaKey))) {
      void tell(client.current?.undo());
    } else if (tool && (key === 'a' || key === 'A')) annotation.accept();
    else if (tool && key === '[') annotation.open(Math.max(tool.current - 1, 0));
    else if (tool && key === ']') {
      annotation.open(Math.min(tool.current + 1, tool.clips.length - 1));
    } else if (tool && (key === 'e' || key === 'E')) {
      const next = tool.toCheck.find((id) => id > (viewed ?? -1)) ?? tool.toCheck.at(0);
      if (next === undefined) setMessage('No frame asks for a look.');
      else seek(next);
    } else if (tool && key === ' ') setPlaying(!isPlaying);
    else if (key === ' ' && !isButton) {
      void tell(isFrozen ? client.current?.goLive() : client.current?.freeze());
    } else if (key === ',' && viewed !== undefined) seek(viewed - 1);
    else if (key === '.' && viewed !== undefined) seek(viewed + 1);
    else if (/^[1-9]$/.test(key)) {
      if (objects.some(({ id }) => id === Number(key))) select(Number(key));
    } else if (key === 'Delete' && active !== null) void tell(client.current?.remove(active));
    else return;
    event.preventDefault();
  };
  useEffect(() => {
    addEventListener('keydown', onKey);
    return () => removeEventListener('keydown', onKey);
  });

  const labels = status?.objects ?? [];
  const colours = useMemo(() => new Map(labels.map(({ id, colour }) => [id, colour])), [status]);
  const asking = objects.filter((object) => object.status === 'ask');
  const role = hello?.role ?? 'view';
  return (
    <div
      class="layout"
      data-state={status?.state ?? ''}
      data-connected={String(connection.isConnected)}
    >
      <header>
        <h1>sonotrack</h1>
        <span class={connection.isConnected ? 'link up' : 'link'} role="status">
          {connection.isConnected ? 'connected' : connectingText(connection.attempt)}
        </span>
        {status && connection.isConnected && (
          <span class={`state ${status.state}`}>{STATE_TEXT[status.state]}</span>
        )}
        {!isCalibrated && <span class="uncalibrated">uncalibrated: areas in pixels</span>}
        {pending > 0 && <span class="soft">answering …</span>}
        {asking.length > 0 && (
          <span class="ask-banner" role="status">
            click to correct
          </span>
        )}
        {!tool && (
          <nav>
            <a href="/dashboard">Device</a>
          </nav>
        )}
      </header>
      <main>
        <Stage
          label={label}
          colours={colours}
          connect={(next) => (show.current = next)}
          onShown={onShown}
          onPrompt={onPrompt}
        />
        <p class="message" role="status" aria-live="polite">
          {message}
        </p>
        {needsToken && (
          <TokenForm
            onToken={(given) => {
              keepToken(given);
              setToken(given);
            }}
          />
        )}
        {isHelpOpen && (
          <Help more={tool ? ANNOTATION_KEYS : []} onClose={() => setHelpOpen(false)} />
        )}
      </main>
      <Controls
        status={status}
        role={role}
        label={label}
        accept={tool && annotation.accept}
        onLabel={setLabel}
        onFreeze={() => void tell(client.current?.freeze())}
        onLive={() => void tell(client.current?.goLive())}
        onSeek={seek}
        onUndo={() => void tell(client.current?.undo())}
        onRecord={(isOn) =>
          void tell(isOn ? client.current?.startRecording() : client.current?.stopRecording())
        }
        onHelp={() => setHelpOpen(!isHelpOpen)}
      />
      <aside>
        <Objects
          objects={objects}
          labels={labels}
          history={history.current}
          active={active}
          startsNew={startsNew}
          mayOperate={role !== 'view'}
          onSelect={select}
          onRemove={(id) => void tell(client.current?.remove(id))}
          onLabel={(id, change) => void tell(client.current?.label(id, change))}
        />
        {tool ? (
          <AnnotationCard annotation={annotation} onSeek={seek} />
        ) : (
          <LatencyCard latency={latency} glassMs={glassMs.current} />
        )}
        <About hello={hello} />
      </aside>
      <footer>Not for diagnostic use</footer>
    </div>
  );
}

function connectingText(attempt: number): string {
  return attempt === 0 ? 'connecting …' : `connection lost, reconnecting (attempt ${attempt}) …`;
}
