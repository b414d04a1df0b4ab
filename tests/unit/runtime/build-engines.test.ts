import { test } from 'tap';
import { buildEngines } from '../../../src/runtime/build-engines.js';
import { SonotrackError } from '../../../src/runtime/errors.js';
import type { GraphBuild } from '../../../src/runtime/native.js';

const bundle = {
  graphs: {
    sonosamEncoder: '/m/a.onnx',
    sonosamDecoder: '/m/b.onnx',
    deaotEncoder: '/m/c.onnx',
    deaotMemorize: '/m/d.onnx',
    deaotPropagate: '/m/e.onnx',
  },
};
const runtime = {
  providers: ['tensorrt' as const, 'cpu' as const],
  threads: 2,
  spinUs: 0,
  cacheDir: '/cache',
};

/** A provider that remembers what it has built, and may fail at one graph. */
function fakeProvider(failing: string | null = null): {
  build: (graph: string) => Promise<GraphBuild>;
  built: string[];
} {
  const built: string[] = [];
  const build = async (graph: string): Promise<GraphBuild> => {
    if (graph === failing) {
      throw new SonotrackError('MODEL_LOAD_FAILED', 'engine', `${graph} could not be loaded`);
    }
    const fromCache = built.includes(graph);
    if (!fromCache) built.push(graph);
    return { provider: 'tensorrt', fellBackFrom: [], fromCache };
  };
  return { build, built };
}

test('graphs are built one after the other, and each is told of', async (t) => {
  const { build } = fakeProvider();
  const told: string[] = [];
  const first = await buildEngines(bundle, runtime, ({ graph }) => told.push(graph), build);
  t.same(told, ['a.onnx', 'b.onnx', 'c.onnx', 'd.onnx', 'e.onnx']);
  t.match(first[0], { graph: 'a.onnx', provider: 'tensorrt', fromCache: false, ms: Number });
  const second = await buildEngines(bundle, runtime, undefined, build);
  t.ok(second.every(({ fromCache }) => fromCache));
});

test('what was built before a failure stays', async (t) => {
  const failing = fakeProvider('/m/c.onnx');
  await t.rejects(buildEngines(bundle, runtime, undefined, failing.build), {
    code: 'MODEL_LOAD_FAILED',
  });
  t.same(failing.built, ['/m/a.onnx', '/m/b.onnx']);
});
