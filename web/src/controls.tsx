/** Freeze and scroll, undo, the kind of click, recording. */
import { useEffect, useRef } from 'preact/hooks';
import type { LiveStatus, Role } from '../../src/client/index.ts';

interface ControlsProps {
  status: LiveStatus | null;
  role: Role;
  label: 0 | 1;
  /** Accepts the clip that is annotated; null: the source is live. */
  accept: (() => void) | null;
  onLabel(label: 0 | 1): void;
  onFreeze(): void;
  onLive(): void;
  onSeek(frameId: number): void;
  onUndo(): void;
  onRecord(isOn: boolean): void;
  onHelp(): void;
}

export function Controls(props: ControlsProps) {
  const { status, role, label, accept } = props;
  const isFrozen = status?.state === 'frozen';
  const mayOperate = role !== 'view';
  return (
    <div class="controls" role="toolbar" aria-label="Controls">
      {mayOperate && (
        <>
          {accept ? (
            <button type="button" class="primary" onClick={accept}>
              Accept<kbd>A</kbd>
            </button>
          ) : (
            <button
              type="button"
              class="primary"
              onClick={isFrozen ? props.onLive : props.onFreeze}
            >
              {isFrozen ? 'Go live' : 'Freeze'}
              <kbd>Space</kbd>
            </button>
          )}
          <Cine {...props} />
          <span class="choice" role="group" aria-label="A click means">
            <button type="button" aria-pressed={label === 1} onClick={() => props.onLabel(1)}>
              + part
            </button>
            <button type="button" aria-pressed={label === 0} onClick={() => props.onLabel(0)}>
              − not part
            </button>
          </span>
          <button type="button" disabled={!status?.canUndo} onClick={props.onUndo}>
            Undo<kbd>U</kbd>
          </button>
        </>
      )}
      {role === 'admin' && !accept && (
        <button
          type="button"
          aria-pressed={status?.recording ?? false}
          onClick={() => props.onRecord(!status?.recording)}
        >
          {status?.recording ? '■ Stop recording' : '● Record'}
        </button>
      )}
      <button
        type="button"
        class="about-keys"
        aria-label="Keys and gestures"
        onClick={props.onHelp}
      >
        ?
      </button>
    </div>
  );
}

function Cine({ status, onSeek }: ControlsProps) {
  const cine = status?.cine;
  if (status?.state !== 'frozen' || !cine) return <span class="cine" />;
  const viewed = status.viewedId ?? cine.lastId;
  const share = (viewed - cine.lastId) / Math.max(cine.lastId - cine.firstId, 1);
  const seconds = share * cine.seconds;
  return (
    <label class="cine">
      <input
        type="range"
        aria-label="Scroll through the cine"
        aria-valuetext={`${seconds.toFixed(1)} seconds`}
        min={cine.firstId}
        max={cine.lastId}
        value={viewed}
        onInput={({ currentTarget }) => onSeek(Number(currentTarget.value))}
      />
      <span class="soft">
        {seconds.toFixed(1)} s{status.catchingUp > 0 && ` · renewing ${status.catchingUp}`}
      </span>
    </label>
  );
}

const KEYS: readonly [keys: string, what: string][] = [
  ['Click, tap, Enter', 'part of the object'],
  ['Right-click, Shift-click, Shift-Enter', 'not part of the object'],
  ['Drag, also by finger', 'a box around the object'],
  ['− not part, then tap', 'not part of the object, by touch'],
  ['Arrow keys', 'move the crosshair (Shift: by one pixel)'],
  ['Space', 'freeze, go live'],
  [', and .', 'one frame back, one frame on'],
  ['U or Ctrl-Z', 'take back the last click'],
  ['N', 'the next click starts another object'],
  ['Escape', 'no object chosen: a click is about the one under it'],
  ['1 – 9', 'choose an object'],
  ['Delete', 'stop following the chosen object'],
  ['B', 'clicks mean: part, not part'],
  ['?', 'this list'],
];

interface HelpProps {
  /** Keys that stand in place of those of the same name. */
  more: readonly (typeof KEYS)[number][];
  onClose(): void;
}

export function Help({ more, onClose }: HelpProps) {
  const own = KEYS.filter(([keys]) => !more.some(([other]) => other === keys));
  const dialog = useRef<HTMLDialogElement>(null);
  // Modal: the browser keeps the focus within, and gives it back.
  useEffect(() => dialog.current?.showModal(), []);
  return (
    <dialog ref={dialog} class="help" aria-labelledby="help-title" onClose={onClose}>
      <h2 id="help-title">Keys and gestures</h2>
      <dl>
        {[...more, ...own].map(([keys, what]) => (
          <div key={keys}>
            <dt>{keys}</dt>
            <dd>{what}</dd>
          </div>
        ))}
      </dl>
      <button type="button" autoFocus onClick={() => dialog.current?.close()}>
        Close
      </button>
    </dialog>
  );
}
