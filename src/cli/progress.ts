import { SingleBar } from 'cli-progress';

export interface Progress {
  update(done: number): void;
  stop(): void;
}

/** A bar on standard error, where that is a terminal; silent otherwise. */
export function createProgress(
  total: number,
  { silent, unit = 'frames' }: { silent: boolean; unit?: string },
): Progress {
  if (silent || !process.stderr.isTTY) return { update() {}, stop() {} };
  const bar = new SingleBar({
    format: `{bar} {value}/{total} ${unit}, {eta_formatted} left`,
    stream: process.stderr,
    hideCursor: true,
    clearOnComplete: true,
  });
  bar.start(total, 0);
  return { update: (done) => bar.update(done), stop: () => bar.stop() };
}
