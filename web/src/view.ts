/** Drawing, apart from the components: a frame must not wait for them. */
import { decodeRle, type LiveFrame, type LiveObject } from '../../src/client/index.ts';
import { objectColour } from './colours.ts';
import { smoothPath, trace } from './outline.ts';
import type { Picture } from './picture.ts';

export type FrameBox = [x0: number, y0: number, x1: number, y1: number];

const FLASH_MS = 450;
const FILL_OPACITY = 0.24;

export class View {
  cursor: [x: number, y: number] | null = null;
  /** Own colours of objects, '#rrggbb'. */
  colours: ReadonlyMap<number, string | null> = new Map();
  readonly #canvas: HTMLCanvasElement;
  readonly #observer: ResizeObserver;
  readonly #onShown: (frame: LiveFrame, isOnScreen: boolean) => void;
  #picture: Picture | null = null;
  #isPainted = false;
  #paths: { object: LiveObject; path: Path2D }[] = [];
  #flash: { x: number; y: number; label: 0 | 1; untilMs: number } | null = null;
  #box: FrameBox | null = null;
  #scheduled = 0;

  constructor(canvas: HTMLCanvasElement, onShown: (frame: LiveFrame, isOnScreen: boolean) => void) {
    this.#canvas = canvas;
    this.#onShown = onShown;
    this.#observer = new ResizeObserver(() => this.redraw());
    this.#observer.observe(canvas);
  }

  /** Of the frame on the screen. */
  get frameId(): number | undefined {
    return this.#isPainted ? this.#picture?.frame.id : undefined;
  }

  show(picture: Picture): void {
    if (this.#picture && !this.#isPainted) this.#onShown(this.#picture.frame, false);
    this.#picture?.bitmap.close();
    this.#picture = picture;
    this.#isPainted = false;
    const { widthPx, heightPx, objects } = picture.frame;
    this.#paths = objects
      .filter(({ areaPx }) => areaPx > 0)
      .map((object) => {
        const bitmap = decodeRle(object.rle, widthPx, heightPx);
        return { object, path: smoothPath(trace(bitmap, widthPx, heightPx)) };
      });
    this.redraw();
  }

  /** A position in the canvas (CSS px) as frame px; null beside the picture, where `clamped` gives its border. */
  toFrame(offsetX: number, offsetY: number, clamped = false): [number, number] | null {
    const placed = this.#placement();
    if (!placed) return null;
    const x = (offsetX - placed.left) / placed.scale;
    const y = (offsetY - placed.top) / placed.scale;
    const { widthPx, heightPx } = placed;
    if (clamped) return [Math.min(Math.max(x, 0), widthPx), Math.min(Math.max(y, 0), heightPx)];
    return x >= 0 && y >= 0 && x <= widthPx && y <= heightPx ? [x, y] : null;
  }

  moveCursor(dx: number, dy: number): void {
    if (!this.#picture) return;
    const { widthPx, heightPx } = this.#picture.frame;
    const [x, y] = this.cursor ?? [widthPx / 2, heightPx / 2];
    this.cursor = [Math.min(Math.max(x + dx, 0), widthPx), Math.min(Math.max(y + dy, 0), heightPx)];
    this.redraw();
  }

  hideCursor(): void {
    this.cursor = null;
    this.redraw();
  }

  flash(x: number, y: number, label: 0 | 1): void {
    this.#flash = { x, y, label, untilMs: performance.now() + FLASH_MS };
    this.redraw();
  }

  /** The box that is being drawn; null: none. */
  set box(box: FrameBox | null) {
    this.#box = box;
    this.redraw();
  }

  dispose(): void {
    this.#observer.disconnect();
    cancelAnimationFrame(this.#scheduled);
  }

  redraw(): void {
    if (this.#scheduled) return;
    this.#scheduled = requestAnimationFrame(() => {
      this.#scheduled = 0;
      this.#paint();
    });
  }

  #placement() {
    if (!this.#picture) return null;
    const { widthPx, heightPx } = this.#picture.frame;
    const { clientWidth, clientHeight } = this.#canvas;
    const scale = Math.min(clientWidth / widthPx, clientHeight / heightPx);
    const left = (clientWidth - widthPx * scale) / 2;
    const top = (clientHeight - heightPx * scale) / 2;
    return { widthPx, heightPx, scale, left, top };
  }

  #paint(): void {
    const canvas = this.#canvas;
    const context = canvas.getContext('2d');
    const placed = this.#placement();
    if (!context || !placed || !this.#picture) return;
    const { frame, bitmap } = this.#picture;
    const ratio = devicePixelRatio;
    canvas.width = Math.round(canvas.clientWidth * ratio);
    canvas.height = Math.round(canvas.clientHeight * ratio);
    const scale = placed.scale * ratio;
    context.setTransform(scale, 0, 0, scale, placed.left * ratio, placed.top * ratio);
    context.imageSmoothingQuality = 'high';
    context.drawImage(bitmap, 0, 0);
    for (const { object, path } of this.#paths) {
      const own = this.colours.get(object.id) ?? null;
      context.fillStyle = objectColour(object.id, own, FILL_OPACITY);
      context.fill(path, 'evenodd');
      context.lineJoin = 'round';
      context.lineWidth = 2 / placed.scale;
      context.setLineDash(object.status === 'ask' ? [6 / placed.scale, 4 / placed.scale] : []);
      context.strokeStyle = objectColour(object.id, own);
      context.stroke(path);
    }
    context.setLineDash([]);
    this.#paintMarks(context, placed.scale);
    // What is on the screen, for whoever looks on from outside: all of it is one frame's.
    canvas.dataset.frameId = String(frame.id);
    canvas.dataset.objects = String(this.#paths.length);
    canvas.dataset.areas = this.#paths
      .map(({ object }) => object.areaMm2 ?? object.areaPx)
      .join(' ');
    if (this.#isPainted) return;
    this.#isPainted = true;
    this.#onShown(frame, true);
  }

  #paintMarks(context: CanvasRenderingContext2D, scale: number): void {
    context.lineWidth = 1.5 / scale;
    if (this.#box) {
      const [x0, y0, x1, y1] = this.#box;
      context.strokeStyle = '#ffffff';
      context.strokeRect(x0, y0, x1 - x0, y1 - y0);
    }
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
    this.redraw();
  }
}
