import { FakeEngine, type FakeEngineOptions } from '../runtime/fake-engine.js';
import { Device } from './device.js';
import type { DeviceInfo } from './types.js';

/** A device on `FakeEngine`, for tests of what stands above the SDK: needs no models. */
export function fakeDevice(options: FakeEngineOptions = {}): {
  device: Device;
  engine: FakeEngine;
} {
  const engine = new FakeEngine(options);
  const model = {
    name: 'fake',
    version: '0.0.0',
    precision: 'fp32',
    inputSizePx: 32,
    maskSizePx: 16,
  } as const;
  const info: DeviceInfo = Object.freeze({
    ...engine.info,
    profile: 'x86-cpu',
    models: {
      signedBy: null,
      bundle: 'fake 0.0.0',
      sonosam: model,
      deaot: { ...model, objectSlots: 10, askBelow: 0.9 },
    },
    notices: [],
  });
  return { device: new Device(engine, info), engine };
}
