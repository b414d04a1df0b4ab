/** Streams at 30 frames a second for some seconds; docs/results/streams.json holds five minutes of them. */
import { execFile, execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { test } from 'tap';
import { packageRoot } from '../../../src/runtime/package-info.js';

function missing(): string | false {
  if (!existsSync(join(packageRoot(), 'dist/sdk/index.js'))) return 'dist has not been built';
  try {
    execFileSync('ffmpeg', ['-version'], { stdio: 'ignore' });
    return false;
  } catch {
    return 'no ffmpeg on the PATH';
  }
}

interface Counted {
  sent: number;
  received: number;
  processed: number;
  droppedByTracking: number;
  lostOnTheWay: number;
  unaccounted: number;
  outOfOrder: number;
}

test(
  'of the frames of an OpenIGTLink server and of ffmpeg none is lost silently',
  { skip: missing() },
  async (t) => {
    const script = join(packageRoot(), 'benchmarks/streams.mjs');
    const { stdout } = await promisify(execFile)(process.execPath, [script, '--seconds', '3'], {
      cwd: packageRoot(),
    });
    const { openigtlink, ffmpeg } = JSON.parse(stdout) as Record<'openigtlink' | 'ffmpeg', Counted>;
    for (const [name, counted] of Object.entries({ openigtlink, ffmpeg })) {
      t.match(
        counted,
        { sent: 90, received: 90, lostOnTheWay: 0, unaccounted: 0, outOfOrder: 0 },
        name,
      );
      t.equal(counted.processed + counted.droppedByTracking, 90, name);
      t.ok(counted.processed > 0, `${name}: ${counted.processed} looked at`);
    }
  },
);
