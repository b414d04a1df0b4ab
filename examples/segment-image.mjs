/**
 * One click on one image. Run it with the path of an image and a point, or without for the built-in phantom:
 *   node examples/segment-image.mjs image.png 210 160
 */
import { openDevice, openSource } from 'sonotrack';

const [path = 'phantom:?frames=1', x = '240', y = '170'] = process.argv.slice(2);

const source = await openSource(path);
const device = await openDevice();
for await (const frame of source) {
  const image = await device.setImage(frame);
  const mask = await image.predict({ points: [{ x: Number(x), y: Number(y), label: 1 }] });
  const area = mask.areaMm2 === null ? `${mask.areaPx} px` : `${mask.areaMm2.toFixed(1)} mm²`;
  console.log(`area ${area}, predicted IoU ${mask.score.toFixed(2)}, box ${mask.box}`);
  break;
}
await source.close();
await device.close();
