/** The picture with its masks; a click or a box on it is a prompt. */
import { useEffect, useRef } from 'preact/hooks';
import type { LiveFrame, PromptCommand } from '../../src/client/index.ts';
import type { Picture } from './picture.ts';
import { View, type FrameBox } from './view.ts';

/** A prompt on the frame that was on the screen, without the object it is about. */
export type StagePrompt = Omit<PromptCommand, 'objectId'>;

interface StageProps {
  /** What a plain click means. */
  label: 0 | 1;
  colours: ReadonlyMap<number, string | null>;
  /** Gives a function to show the next picture; called once. */
  connect(show: (picture: Picture) => void): void;
  onShown(frame: LiveFrame, isOnScreen: boolean): void;
  onPrompt(prompt: StagePrompt): void;
}

/** Step of the arrow keys, frame px; with shift 1. */
const KEY_STEP_PX = 8;
/** A pointer that moves farther than this draws a box, CSS px. */
const DRAG_PX = 8;

interface Press {
  frameId: number;
  label: 0 | 1;
  /** Where it began, frame px and CSS px. */
  from: [number, number];
  offset: [number, number];
  isDrag: boolean;
}

export function Stage({ label, colours, connect, onShown, onPrompt }: StageProps) {
  const canvas = useRef<HTMLCanvasElement>(null);
  const view = useRef<View | null>(null);
  const press = useRef<Press | null>(null);

  useEffect(() => {
    if (!canvas.current) return undefined;
    const created = new View(canvas.current, onShown);
    view.current = created;
    connect((picture) => created.show(picture));
    return () => created.dispose();
  }, []);

  useEffect(() => {
    if (!view.current) return;
    view.current.colours = colours;
    view.current.redraw();
  }, [colours]);

  const click = (frameId: number, x: number, y: number, meaning: 0 | 1): void => {
    view.current?.flash(x, y, meaning);
    onPrompt({ frameId, point: { x, y, label: meaning } });
  };

  const onDown = (event: PointerEvent): void => {
    const from = view.current?.toFrame(event.offsetX, event.offsetY);
    const frameId = view.current?.frameId;
    if (!from || frameId === undefined || !event.isPrimary) return;
    if (event.button !== 0 && event.button !== 2) return;
    event.preventDefault();
    canvas.current?.focus();
    const meaning = event.button === 2 || event.shiftKey ? 0 : label;
    const offset: [number, number] = [event.offsetX, event.offsetY];
    press.current = { frameId, label: meaning, from, offset, isDrag: false };
    canvas.current?.setPointerCapture(event.pointerId);
  };

  const boxTo = ({ offsetX, offsetY }: PointerEvent, { from }: Press): FrameBox => {
    const to = view.current?.toFrame(offsetX, offsetY, true) ?? from;
    return [
      Math.min(from[0], to[0]),
      Math.min(from[1], to[1]),
      Math.max(from[0], to[0]),
      Math.max(from[1], to[1]),
    ];
  };

  const onMove = (event: PointerEvent): void => {
    const pressed = press.current;
    if (!pressed || !view.current) return;
    const [x, y] = pressed.offset;
    pressed.isDrag ||= Math.hypot(event.offsetX - x, event.offsetY - y) > DRAG_PX;
    if (pressed.isDrag) view.current.box = boxTo(event, pressed);
  };

  const onUp = (event: PointerEvent): void => {
    const pressed = press.current;
    press.current = null;
    if (!pressed || !view.current) return;
    view.current.box = null;
    if (event.type === 'pointercancel') return;
    const { frameId, from } = pressed;
    if (pressed.isDrag) onPrompt({ frameId, box: boxTo(event, pressed) });
    else click(frameId, from[0], from[1], pressed.label);
  };

  const onKey = (event: KeyboardEvent): void => {
    const step = event.shiftKey ? 1 : KEY_STEP_PX;
    const moves: Record<string, [number, number]> = {
      ArrowLeft: [-step, 0],
      ArrowRight: [step, 0],
      ArrowUp: [0, -step],
      ArrowDown: [0, step],
    };
    const move = moves[event.key];
    if (move) view.current?.moveCursor(...move);
    else if (event.key === 'Enter') {
      const { cursor, frameId } = view.current ?? {};
      if (cursor && frameId !== undefined) click(frameId, ...cursor, event.shiftKey ? 0 : label);
    } else return;
    event.preventDefault();
  };

  return (
    <canvas
      ref={canvas}
      class="stage"
      tabIndex={0}
      role="img"
      aria-label="Live ultrasound picture. Arrow keys move the cross, Enter marks a structure, Shift-Enter its background."
      onPointerDown={onDown}
      onPointerMove={onMove}
      onPointerUp={onUp}
      onPointerCancel={onUp}
      onContextMenu={(event) => event.preventDefault()}
      onKeyDown={onKey}
      onBlur={() => view.current?.hideCursor()}
    />
  );
}
