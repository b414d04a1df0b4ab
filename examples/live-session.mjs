/** A live session with a publisher of one's own: a click on the phantom's chamber, then two seconds of areas. */
import { createSession, openDevice, openSource } from 'sonotrack';

const source = await openSource('phantom:', { realtime: true, loop: true });
const device = await openDevice();

let clicked = false;
const session = createSession({
  source,
  device,
  publishers: [
    {
      name: 'console',
      onResult({ frame, objects }) {
        if (!clicked) {
          clicked = true;
          session.click({ frameId: frame.id, x: 240, y: 170, label: 1 }).catch(console.error);
        }
        for (const { id, mask, status } of objects) {
          console.log(
            `frame ${frame.id}, object ${id}: ${mask.areaMm2?.toFixed(0)} mm², ${status}`,
          );
        }
      },
      onLatency: ({ fps, stages }) =>
        console.log(`${fps.toFixed(1)} frames/s, p50 ${stages.total?.p50.toFixed(1)} ms`),
    },
  ],
});

setTimeout(() => session.close(), 2000);
await session.done;
await device.close();
