/** What the tests with real models need: a bundle, and the engines that load here. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { defaultModelsDir } from '../../src/runtime/bundle.js';
import { loadBinding } from '../../src/runtime/native.js';
import { openDevice } from '../../src/sdk/device.js';
import type { Device } from '../../src/sdk/device.js';

export type EngineName = 'native' | 'onnxruntime-node';

/** The shipped bundle, or the one that SONOTRACK_TEST_MODELS names. */
export const modelsDir = process.env.SONOTRACK_TEST_MODELS ?? defaultModelsDir();

const noModels = existsSync(join(modelsDir, 'manifest.json'))
  ? false
  : `no model bundle in ${modelsDir}`;
const noAddon = loadBinding().binding ? false : 'the native addon is not built';

/** Why a test on this engine cannot run here; false when it can. */
export const skipOf = (engine: EngineName): string | false =>
  noModels || (engine === 'native' && noAddon);

export const ENGINES: readonly EngineName[] = ['native', 'onnxruntime-node'];

export const open = (engine: EngineName): Promise<Device> => openDevice({ engine, modelsDir });
