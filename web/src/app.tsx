import { useEffect, useRef, useState } from 'preact/hooks';
import { AreaHistory } from './history.ts';
import { About, LatencyCard, ObjectRow } from './panel.tsx';
import { Stage, type StageClick } from './stage.tsx';
import { Stream, type Picture } from './stream.ts';
import type { HelloMessage, LatencyMessage, ServerMessage, WireObject } from './wire.ts';

/** Numbers that change faster than this cannot be read. */
const PANEL_MS = 200;
const MESSAGE_MS = 5000;

export function App() {
  const [connected, setConnected] = useState(false);
  const [hello, setHello] = useState<HelloMessage | null>(null);
  const [latency, setLatency] = useState<LatencyMessage | null>(null);
  const [objects, setObjects] = useState<WireObject[]>([]);
  /** The object that clicks are about; null: the next click starts one. */
  const [active, setActive] = useState<number | null>(null);
  const [message, setMessage] = useState('');
  const stream = useRef<Stream | null>(null);
  const show = useRef<(picture: Picture) => void>(() => undefined);
  const history = useRef(new AreaHistory());
  const panelMs = useRef(0);
  const clickCount = useRef(0);

  const onPicture = (picture: Picture): void => {
    show.current(picture);
    history.current.add(picture.header);
    const now = performance.now();
    if (!picture.header.revised && now - panelMs.current < PANEL_MS) return;
    panelMs.current = now;
    const { objects: found } = picture.header;
    setObjects(found);
    setActive((id) => (found.some((object) => object.id === id) ? id : null));
  };

  const onMessage = (received: ServerMessage): void => {
    switch (received.type) {
      case 'hello':
        setHello(received);
        break;
      case 'latency':
        setLatency(received);
        break;
      case 'clicked':
        setActive(received.objectId);
        setMessage('');
        break;
      case 'refused':
        setMessage(received.message);
        break;
      case 'notice':
        setMessage(received.notice.message);
        break;
      case 'removed':
        break;
    }
  };

  useEffect(() => {
    const created = new Stream({ onPicture, onMessage, onConnection: setConnected });
    stream.current = created;
    return () => created.close();
  }, []);

  useEffect(() => {
    if (message === '') return undefined;
    const timer = setTimeout(() => setMessage(''), MESSAGE_MS);
    return () => clearTimeout(timer);
  }, [message]);

  useEffect(() => {
    const onKey = ({ key, target }: KeyboardEvent): void => {
      if (target instanceof HTMLInputElement) return;
      if (key === 'n' || key === 'N' || key === 'Escape') setActive(null);
    };
    addEventListener('keydown', onKey);
    return () => removeEventListener('keydown', onKey);
  }, []);

  const onClick = (click: StageClick): void => {
    const ref = ++clickCount.current;
    if (click.label === 0 && active === null && objects.length === 0) {
      setMessage('Mark a structure first; then its background can be marked.');
      return;
    }
    // A background click without a chosen object is about the one under it, or the nearest.
    const about = active === null && click.label === 0 ? {} : { objectId: active };
    stream.current?.send({ type: 'click', ref, ...click, ...about });
  };

  return (
    <div class="layout">
      <header>
        <h1>sonotrack</h1>
        <span class={connected ? 'link up' : 'link'} role="status">
          {connected ? 'live' : 'connecting …'}
        </span>
      </header>
      <main>
        <Stage connect={(next) => (show.current = next)} onClick={onClick} />
        <p class="message" role="status" aria-live="polite">
          {message}
        </p>
      </main>
      <aside>
        <section class="card" aria-labelledby="objects-title">
          <h2 id="objects-title">Objects</h2>
          {objects.length === 0 ? (
            <p class="hint">Click on a structure in the picture to follow it.</p>
          ) : (
            <ul class="objects">
              {objects.map((object) => (
                <ObjectRow
                  key={object.id}
                  object={object}
                  samples={history.current.of(object.id)}
                  active={object.id === active}
                  onSelect={() => setActive(object.id)}
                  onRemove={() => stream.current?.send({ type: 'remove', objectId: object.id })}
                />
              ))}
            </ul>
          )}
          {objects.length > 0 && (
            <button
              type="button"
              class="new"
              aria-pressed={active === null}
              onClick={() => setActive(null)}
            >
              {active === null ? 'Next click starts another object' : 'Start another object'}
              <kbd>N</kbd>
            </button>
          )}
          <p class="hint small">
            Click: part of the object. Right-click or shift-click: not part of it.
          </p>
        </section>
        <LatencyCard latency={latency} />
        <About hello={hello} />
      </aside>
      <footer>Not for diagnostic use</footer>
    </div>
  );
}
