/** Run as a process: a device that makes windows on its own clock and tells, a line each, how many are on disk. */
import { emptyCounters } from '../../src/live/latency.js';
import { newHistogram, percentilesOf, recordMs } from '../../src/live/histogram.js';
import { loadProfile } from '../../src/runtime/profiles.js';
import type { DeviceInfo } from '../../src/sdk/types.js';
import type { SparkplugOptions } from '../../src/telemetry/sparkplug/sender.js';
import { createTelemetry } from '../../src/telemetry/telemetry.js';

const {
  url,
  dir,
  everyMs = 5,
  sparkplug,
  echo,
  ...limits
} = JSON.parse(process.argv[2]) as {
  url: string;
  dir: string;
  everyMs?: number;
  sparkplug?: SparkplugOptions;
  /** Allows the command Profile, which tells what it was given. */
  echo?: boolean;
};

const commands: SparkplugOptions['commands'] = {
  Profile: {
    type: 'String',
    run: async (value) => {
      if (value === 'fail') throw new Error('no profile fail');
      return `changed to ${value}`;
    },
  },
};

const telemetry = await createTelemetry({
  broker: { url, longestWaitMs: 500 },
  deviceId: 'bay-4',
  device: {
    engine: 'native',
    executionProvider: 'cpu',
    profile: 'x86-cpu',
    models: { bundle: 'test 1.0.0', sonosam: { version: '1' }, deaot: { version: '1' } },
  } as DeviceInfo,
  profile: await loadProfile(),
  dir,
  limits,
  ...(sparkplug && { sparkplug: { ...sparkplug, ...(echo && { commands }) } }),
});

const tell = setInterval(() => process.stdout.write(`${telemetry.measured}\n`), everyMs);
const timer = setInterval(() => {
  const total = newHistogram();
  recordMs(total, 20);
  telemetry.onLatency?.({
    windowS: everyMs / 1000,
    fps: 30,
    dropped: 0,
    stages: { total: percentilesOf(total) },
    histograms: { total },
    counters: emptyCounters(),
  });
}, everyMs);

process.stdin.resume().once('end', () => {
  clearInterval(timer);
  void telemetry.flush(20_000).then(async () => {
    clearInterval(tell);
    process.stdout.write(`${telemetry.measured}\n`);
    await telemetry.close();
  });
});
