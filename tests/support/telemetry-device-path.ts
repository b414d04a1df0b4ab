import { fileURLToPath } from 'node:url';

/** The program that runs a device in a process of its own. */
export const DEVICE = fileURLToPath(new URL('./telemetry-device.js', import.meta.url));
