/** Devices in worker threads, and processes that end while one is open. */
import { spawnSync } from 'node:child_process';
import { test } from 'tap';
import { Worker } from 'node:worker_threads';
import { ENGINES, modelsDir, skipOf } from './engines.js';

const SDK = new URL('../../src/sdk/device.js', import.meta.url).href;

/** Opens a device, starts an inference, then runs `ending`. */
const script = (engine: string, ending: string): string => `
  const { openDevice } = await import(${JSON.stringify(SDK)});
  const device = await openDevice({ engine: ${JSON.stringify(engine)}, modelsDir: ${JSON.stringify(modelsDir)} });
  const frame = { data: new Uint8Array(64 * 48).fill(90), widthPx: 64, heightPx: 48, channels: 1 };
  const image = await device.setImage(frame);
  const pending = image.predict({ points: [{ x: 30, y: 20, label: 1 }] });
  ${ending}
`;

for (const engine of ENGINES) {
  const skip = skipOf(engine);

  for (const [how, ending, status] of [
    ['by itself after close', 'await pending; await device.close();', 0],
    ['by itself with the device left open', 'await pending;', 0],
    ['by process.exit with an inference in flight', 'process.exit(7);', 7],
  ] as const) {
    test(`${engine}: a process ends ${how}`, { skip }, async (t) => {
      const args = ['--input-type=module', '-e', script(engine, ending)];
      const run = spawnSync(process.execPath, args, { encoding: 'utf8', timeout: 60_000 });
      t.equal(run.signal, null);
      t.equal(run.status, status, run.stderr);
    });
  }

  test(`${engine}: two worker threads have a device each`, { skip }, async (t) => {
    const code = script(
      engine,
      `const { areaPx } = await pending;
       await device.close();
       const { parentPort } = await import('node:worker_threads');
       parentPort.postMessage(areaPx);`,
    );
    const url = new URL(`data:text/javascript,${encodeURIComponent(code)}`);
    const areas = await Promise.all(
      [0, 1].map(
        () =>
          new Promise((resolve, reject) => {
            const worker = new Worker(url);
            worker.once('message', resolve);
            worker.once('error', reject);
          }),
      ),
    );
    t.type(areas[0], 'number');
    t.equal(areas[0], areas[1]);
  });
}
