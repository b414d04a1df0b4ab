/** Chooses and opens an engine. */
import type { ModelGeometry } from './bundle.js';
import type { Engine, EngineInfo, EngineOptions } from './engine.js';
import { openFallbackEngine } from './fallback/engine.js';
import { loadBinding, openNativeEngine } from './native.js';

export type EngineChoice = 'auto' | EngineInfo['engine'];

/** How the engine was chosen, for the caller to log. */
export interface OpenedEngine {
  engine: Engine;
  /** Why `auto` did not take the native engine; null when it did, or when one was asked for by name. */
  notice: string | null;
}

/**
 * Opens the engine asked for; `auto` is the native one where the addon loads, else onnxruntime-node.
 * @throws SonotrackError ENGINE_UNAVAILABLE, PROVIDER_UNAVAILABLE, MODEL_LOAD_FAILED.
 */
export async function openEngine(
  choice: EngineChoice,
  options: EngineOptions & ModelGeometry,
): Promise<OpenedEngine> {
  if (choice === 'native') return { engine: await openNativeEngine(options), notice: null };
  if (choice === 'onnxruntime-node') {
    return { engine: await openFallbackEngine(options), notice: null };
  }
  const { binding, error } = loadBinding();
  if (binding) return { engine: await openNativeEngine(options), notice: null };
  return {
    engine: await openFallbackEngine(options),
    notice: `the native addon is not available (${firstLine(error)}); using the engine onnxruntime-node`,
  };
}

const firstLine = (error: unknown): string =>
  (error instanceof Error ? error.message : String(error)).split('\n')[0];
