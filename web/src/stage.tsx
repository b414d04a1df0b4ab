/** The picture with its masks; a click on it is a prompt. */
import { useEffect, useRef } from 'preact/hooks';
import { objectColour } from './colours.ts';
import { smoothPath, trace } from './outline.ts';
import type { Picture } from './stream.ts';
import { decodeRle, type WireObject } from './wire.ts';

export interface StageClick {
  /** The frame on the screen at the moment of the click. */
  frameId: number;
  x: number;
  y: number;
  label: 0 | 1;
}

interface StageProps {
  /** Gives a function to show the next picture; called once. */
  connect(show: (picture: Picture) => void): void;
  onClick(click: StageClick): void;
}

/** Step of the arrow keys, frame px; with shift 1. */
const KEY_STEP_PX = 8;
const FLASH_MS = 450;

export function Stage({ connect, onClick }: StageProps) {
  const canvas = useRef<HTMLCanvasElement>(null);
  const view = useRef<View | null>(null);

  useEffect(() => {
    if (!canvas.current) return undefined;
    const created = new View(canvas.current);
    view.current = created;
    connect((picture) => created.show(picture));
    return () => created.dispose();
  }, []);

  const click = (x: number, y: number, label: 0 | 1): void => {
    const frameId = view.current?.frameId;
    if (frameId === undefined) return;
    view.current?.flash(x, y, label);
    onClick({ frameId, x, y, label });
  };

  const onPointer = (event: PointerEvent): void => {
    const point = view.current?.toFrame(event.offsetX, event.offsetY);
    if (!point || event.button > 2 || event.button === 1) return;
    event.preventDefault();
    click(point[0], point[1], event.button === 2 || event.shiftKey ? 0 : 1);
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
    else if (event.key === 'Enter' || event.key === 'Backspace') {
      const cursor = view.current?.cursor;
      if (cursor) click(cursor[0], cursor[1], event.key === 'Enter' ? 1 : 0);
    } else return;
    event.preventDefault();
  };

  return (
    <canvas
      ref={canvas}
      class="stage"
      tabIndex={0}
      role="img"
      aria-label="Live ultrasound picture. Arrow keys move the cross, Enter marks a structure, Backspace its background."
      onPointerDown={onPointer}
      onContextMenu={(event) => event.preventDefault()}
      onKeyDown={onKey}
      onBlur={() => view.current?.hideCursor()}
    />
  );
}

/** Drawing, apart from the components: a frame must not wait for them. */
class View {
  cursor: [x: number, y: number] | null = null;
  readonly #canvas: HTMLCanvasElement;
  readonly #observer: ResizeObserver;
  #picture: Picture | null = null;
  #paths: { object: WireObject; path: Path2D }[] = [];
  #flash: { x: number; y: number; label: 0 | 1; untilMs: number } | null = null;
  #scheduled = 0;

  constructor(canvas: HTMLCanvasElement) {
    this.#canvas = canvas;
    this.#observer = new ResizeObserver(() => this.#draw());
    this.#observer.observe(canvas);
  }

  get frameId(): number | undefined {
    return this.#picture?.header.id;
  }

  show(picture: Picture): void {
    this.#picture?.bitmap.close();
    this.#picture = picture;
    const { widthPx, heightPx, objects } = picture.header;
    this.#paths = objects
      .filter(({ areaPx }) => areaPx > 0)
      .map((object) => ({
        object,
        path: smoothPath(trace(decodeRle(object.rle), widthPx, heightPx)),
      }));
    this.#draw();
  }

  /** A position in the canvas (CSS px) as frame px; null beside the picture. */
  toFrame(offsetX: number, offsetY: number): [number, number] | null {
    const placed = this.#placement();
    if (!placed) return null;
    const x = (offsetX - placed.left) / placed.scale;
    const y = (offsetY - placed.top) / placed.scale;
    const { widthPx, heightPx } = placed;
    return x >= 0 && y >= 0 && x <= widthPx && y <= heightPx ? [x, y] : null;
  }

  moveCursor(dx: number, dy: number): void {
    if (!this.#picture) return;
    const { widthPx, heightPx } = this.#picture.header;
    const [x, y] = this.cursor ?? [widthPx / 2, heightPx / 2];
    this.cursor = [Math.min(Math.max(x + dx, 0), widthPx), Math.min(Math.max(y + dy, 0), heightPx)];
    this.#draw();
  }

  hideCursor(): void {
    this.cursor = null;
    this.#draw();
  }

  flash(x: number, y: number, label: 0 | 1): void {
    this.#flash = { x, y, label, untilMs: performance.now() + FLASH_MS };
    this.#draw();
  }

  dispose(): void {
    this.#observer.disconnect();
    cancelAnimationFrame(this.#scheduled);
  }

  #placement() {
    if (!this.#picture) return null;
    const { widthPx, heightPx } = this.#picture.header;
    const { clientWidth, clientHeight } = this.#canvas;
    const scale = Math.min(clientWidth / widthPx, clientHeight / heightPx);
    const left = (clientWidth - widthPx * scale) / 2;
    const top = (clientHeight - heightPx * scale) / 2;
    return { widthPx, heightPx, scale, left, top };
  }

  #draw(): void {
    if (this.#scheduled) return;
    this.#scheduled = requestAnimationFrame(() => {
      this.#scheduled = 0;
      this.#paint();
    });
  }

  #paint(): void {
    const canvas = this.#canvas;
    const context = canvas.getContext('2d');
    const placed = this.#placement();
    if (!context || !placed || !this.#picture) return;
    const { header, bitmap } = this.#picture;
    const ratio = devicePixelRatio;
    canvas.width = Math.round(canvas.clientWidth * ratio);
    canvas.height = Math.round(canvas.clientHeight * ratio);
    const scale = placed.scale * ratio;
    context.setTransform(scale, 0, 0, scale, placed.left * ratio, placed.top * ratio);
    context.imageSmoothingQuality = 'high';
    context.drawImage(bitmap, 0, 0);
    for (const { object, path } of this.#paths) {
      context.fillStyle = objectColour(object.id, 0.24);
      context.fill(path, 'evenodd');
      context.lineJoin = 'round';
      context.lineWidth = 2 / placed.scale;
      context.setLineDash(object.status === 'ask' ? [6 / placed.scale, 4 / placed.scale] : []);
      context.strokeStyle = objectColour(object.id);
      context.stroke(path);
    }
    context.setLineDash([]);
    this.#paintMarks(context, placed.scale);
    // What is on the screen, for whoever looks on from outside: both numbers are one frame's.
    this.#picture.shown();
    canvas.dataset.frameId = String(header.id);
    canvas.dataset.objects = String(this.#paths.length);
  }

  #paintMarks(context: CanvasRenderingContext2D, scale: number): void {
    context.lineWidth = 1.5 / scale;
    if (this.cursor) {
      const [x, y] = this.cursor;
      const arm = 9 / scale;
      context.strokeStyle = '#ffffff';
      context.beginPath();
      context.moveTo(x - arm, y);
      context.lineTo(x + arm, y);
      context.moveTo(x, y - arm);
      context.lineTo(x, y + arm);
      context.stroke();
    }
    if (!this.#flash) return;
    const left = (this.#flash.untilMs - performance.now()) / FLASH_MS;
    if (left <= 0) {
      this.#flash = null;
      return;
    }
    context.strokeStyle = this.#flash.label === 1 ? '#ffffff' : '#ff8f8f';
    context.globalAlpha = left;
    context.beginPath();
    context.arc(this.#flash.x, this.#flash.y, (4 + 12 * (1 - left)) / scale, 0, 2 * Math.PI);
    context.stroke();
    context.globalAlpha = 1;
    this.#draw();
  }
}
