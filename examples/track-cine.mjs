/**
 * A click on the first frame, then the object's area on every other. Run it with the path of a folder of frames and a point,
 * or without for the built-in phantom:
 *   node examples/track-cine.mjs frames/ 210 160
 */
import { openDevice, openSource } from 'sonotrack';

const [path = 'phantom:?frames=10', x = '240', y = '170'] = process.argv.slice(2);

const source = await openSource(path);
const device = await openDevice();
const tracker = await device.createTracker();
let started = false;
for await (const frame of source) {
  if (!started) {
    const image = await device.setImage(frame);
    const mask = await image.predict({ points: [{ x: Number(x), y: Number(y), label: 1 }] });
    await tracker.start(frame, [{ id: 1, mask }]);
    started = true;
    continue;
  }
  const { objects, timings } = await tracker.track(frame);
  const [{ mask, quality, status }] = objects;
  const area = mask.areaMm2 === null ? `${mask.areaPx} px` : `${mask.areaMm2.toFixed(1)} mm²`;
  console.log(
    `frame ${frame.id}: ${area}, quality ${quality.toFixed(2)} (${status}), ${timings.totalMs.toFixed(1)} ms`,
  );
}
await source.close();
await device.close();
