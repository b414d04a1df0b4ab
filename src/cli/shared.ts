/** What several commands share: reading prompts, opening the device, printing. */
import { InvalidArgumentError, type Command } from 'commander';
import { openDevice, type Device } from '../sdk/device.js';
import type { Box, DeviceOptions, EngineChoice, Point, Prompts, ZoomMode } from '../sdk/types.js';
import { UsageError } from './failure.js';

export interface GlobalOptions {
  engine: EngineChoice;
  profile: string;
  modelsDir?: string;
  trust: string[];
  json: boolean;
  quiet: boolean;
  verbose: boolean;
}

export interface PromptOptions {
  point: Point[];
  box?: Box;
}

const NUMBER = String.raw`\s*(-?\d+(?:\.\d+)?)\s*`;
const POINT = new RegExp(`^${NUMBER},${NUMBER}(?:,\\s*([01])\\s*)?$`);
const BOX = new RegExp(`^${NUMBER},${NUMBER},${NUMBER},${NUMBER}$`);

/** `x,y` or `x,y,1` is a foreground click, `x,y,0` a background one. */
export function parsePoint(text: string, before: Point[] = []): Point[] {
  const found = POINT.exec(text);
  if (!found) throw new InvalidArgumentError('expected x,y or x,y,1 or x,y,0 (px).');
  return [...before, { x: Number(found[1]), y: Number(found[2]), label: found[3] === '0' ? 0 : 1 }];
}

export function parseBox(text: string): Box {
  const found = BOX.exec(text);
  if (!found) throw new InvalidArgumentError('expected x0,y0,x1,y1 (px).');
  return [Number(found[1]), Number(found[2]), Number(found[3]), Number(found[4])];
}

/** Adds `--point` and `--box`. */
export function withPrompts(command: Command): Command {
  return command
    .option(
      '--point <x,y[,1|0]>',
      'click in px, pixel centres at +0.5: 1 foreground (default), 0 background; repeatable',
      parsePoint,
      [],
    )
    .option('--box <x0,y0,x1,y1>', 'box around the structure in px', parseBox);
}

/** @throws UsageError when there is neither a point nor a box */
export function promptsOf({ point, box }: PromptOptions): Prompts {
  if (point.length === 0 && !box) throw new UsageError('expected at least one --point or a --box');
  return { ...(point.length > 0 && { points: point }), ...(box && { box }) };
}

/** The device that the global options describe. */
export const deviceOptionsOf = ({
  engine,
  profile,
  modelsDir,
  trust,
}: GlobalOptions): DeviceOptions => ({
  engine,
  profile,
  trustedKeys: trust,
  ...(modelsDir && { modelsDir }),
});

/** Opens the device that the global options describe, does the work, and closes it whatever happens. */
export async function withDevice<T>(
  options: GlobalOptions,
  work: (device: Device) => Promise<T>,
  zoom?: ZoomMode,
): Promise<T> {
  const device = await openDevice({ ...deviceOptionsOf(options), ...(zoom && { zoom }) });
  try {
    return await work(device);
  } finally {
    await device.close();
  }
}

/** The result of a command on standard output: as JSON, or as lines of text. */
export function print({ json }: Pick<GlobalOptions, 'json'>, value: unknown, text: string): void {
  process.stdout.write(json ? `${JSON.stringify(value)}\n` : `${text}\n`);
}

export function formatArea(areaMm2: number | null, areaPx: number): string {
  return areaMm2 === null
    ? `${areaPx} px (uncalibrated)`
    : `${areaMm2.toFixed(1)} mm² (${areaPx} px)`;
}

/** Cells in columns, the first left-aligned. */
export function columns(rows: string[][]): string {
  const widths = rows[0].map((_, i) => Math.max(...rows.map((cells) => cells[i].length)));
  return rows
    .map((cells) =>
      cells.map((cell, i) => (i ? cell.padStart(widths[i]) : cell.padEnd(widths[i]))).join('  '),
    )
    .join('\n');
}
