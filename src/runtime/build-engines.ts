/** Optimised graphs and TensorRT engines ahead of time, so that a scanner's first start does not take minutes. */
import { basename } from 'node:path';
import type { Bundle } from './bundle.js';
import type { RuntimeOptions } from './engine.js';
import { buildNativeGraph, type GraphBuild } from './native.js';

/** What became of one graph. */
export interface BuiltGraph extends GraphBuild {
  /** Name of the graph's file. */
  graph: string;
  ms: number;
}

/**
 * Builds what the cache lacks of a bundle's five graphs, one after the other; `onBuilt` is told of each. What was
 * built stays when a later graph fails or the process is stopped: a second call goes on from there.
 * @param build stands in for the addon in tests
 * @throws SonotrackError ENGINE_UNAVAILABLE, PROVIDER_UNAVAILABLE, MODEL_LOAD_FAILED.
 */
export async function buildEngines(
  { graphs }: Pick<Bundle, 'graphs'>,
  options: RuntimeOptions & { cacheDir: string },
  onBuilt: (built: BuiltGraph) => void = () => undefined,
  build: typeof buildNativeGraph = buildNativeGraph,
): Promise<BuiltGraph[]> {
  const done: BuiltGraph[] = [];
  for (const path of Object.values(graphs)) {
    const graph = basename(path);
    const began = performance.now();
    const built = { graph, ...(await build(path, options)), ms: performance.now() - began };
    done.push(built);
    onBuilt(built);
  }
  return done;
}
