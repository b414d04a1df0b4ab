import { writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { test } from 'tap';
import {
  cacheFolder,
  listProfiles,
  loadProfile,
  parseProfile,
  profileNames,
  threadsOf,
  type FirmwareProfile,
} from '../../../src/runtime/profiles.js';
import { rejection, thrown } from '../../support/rejection.js';

const SOUND = {
  name: 'mine',
  description: 'A profile.',
  providers: ['cpu'],
  precision: 'int8',
  threads: 2,
  frameBudgetMs: 40,
};
const parse = (change: object): FirmwareProfile =>
  parseProfile(JSON.stringify({ ...SOUND, ...change }), 'mine.json');

test('the shipped profiles are sound, and the default is one of them', async (t) => {
  t.same(await profileNames(), [
    'arm64-cpu',
    'jetson-agx-orin',
    'jetson-orin-nano',
    'jetson-orin-nx',
    'jetson-xavier-nx',
    'x86-cpu',
  ]);
  const profiles = await listProfiles();
  t.ok(profiles.every(({ providers }) => providers.at(-1) === 'cpu'));
  t.same(await loadProfile(), profiles.at(-1));
});

test('what a profile leaves out has its default', async (t) => {
  t.match(parse({}), {
    inputSizePx: {},
    memoryCeilingMb: null,
    thermalLadder: [],
    engineCacheDir: null,
    zoom: 'box-and-clicks',
    historyFrames: 30,
    telemetry: { masks: { maxRateHz: 10, maxBytes: 16384, shape: 'rle' } },
  });
});

test('a wrong profile names the field and the allowed values', async (t) => {
  const cases: [object, RegExp][] = [
    [
      { threads: undefined },
      /expected intra-op threads of one inference for `threads` but it is missing/,
    ],
    [{ threads: 0 }, /expected a number from 1 to 64 for `threads` but received 0 \(number\)/],
    [{ threads: '2' }, /a value of type integer for `threads` but received "2" \(string\)/],
    [{ providers: [] }, /for `providers`/],
    [
      { providers: ['cpu', 'gpu'] },
      /one of 'tensorrt', 'cuda', 'cpu' for `providers\[1\]` but received "gpu"/,
    ],
    [{ precision: 'int4' }, /one of 'int8', 'fp16', 'fp32' for `precision`/],
    [{ frameBudgetMs: -1 }, /a number from 1 to 10000 for `frameBudgetMs`/],
    [{ frameBudget: 1 }, /received `frameBudget`; did you mean `frameBudgetMs`\?/],
    [{ memoryCeilingMb: 1 }, /for `memoryCeilingMb`/],
    [{ inputSizePx: { deaot: 100 } }, /a multiple of 16 for `inputSizePx.deaot`/],
    [{ thermalLadder: [{ aboveC: 80 }] }, /for `thermalLadder\[0\].maxRateHz` but it is missing/],
    [
      {
        thermalLadder: [
          { aboveC: 80, maxRateHz: 9 },
          { aboveC: 70, maxRateHz: 5 },
        ],
      },
      /a number > 80 for `thermalLadder\[1\].aboveC` but received 70/,
    ],
    [{ historyFrames: 0 }, /for `historyFrames`/],
    [{ telemetry: { masks: { maxBytes: 1 } } }, /for `telemetry.masks.maxBytes`/],
    [
      { telemetry: { masks: { shape: 'contour' } } },
      /one of 'rle', 'contours' for `telemetry.masks.shape`/,
    ],
    [{ zoom: 'on' }, /for `zoom`/],
    [{ engineCacheDir: '' }, /for `engineCacheDir`/],
    [{ name: 'yours' }, /expected 'mine' for `name` but received 'yours'/],
  ];
  for (const [change, message] of cases) {
    const error = thrown(() => parse(change));
    t.equal(error.code, 'PROFILE_INVALID', JSON.stringify(change));
    t.match(error.message, message);
  }
  t.equal(thrown(() => parseProfile('{', 'mine.json')).code, 'PROFILE_INVALID');
});

test('an unknown profile is named with the nearest one', async (t) => {
  const error = await rejection(loadProfile('jetson-orin-nana'));
  t.equal(error.code, 'PROFILE_NOT_FOUND');
  t.match(error.message, /did you mean jetson-orin-nano\?/);
});

test('a profile can be a file of its own', async (t) => {
  const file = join(t.testdir(), 'mine.json');
  writeFileSync(file, JSON.stringify(SOUND));
  t.equal((await loadProfile(file)).description, 'A profile.');
  t.equal((await rejection(loadProfile(`${file}.json`))).code, 'PROFILE_NOT_FOUND');
});

test('the cache folder is absolute', async (t) => {
  const at = (engineCacheDir: string | null, env = {}): string | null =>
    cacheFolder(parse({ engineCacheDir }), env);
  t.equal(at(null), null);
  t.equal(at('/var/cache/x'), '/var/cache/x');
  t.equal(at('~/x'), join(homedir(), 'x'));
  t.equal(at('x/y', { XDG_CACHE_HOME: '/cache' }), join('/cache', 'x/y'));
});

test('no more threads are used than there are cores', async (t) => {
  t.equal(threadsOf(parse({ threads: 1 })), 1);
  t.ok(threadsOf(parse({ threads: 64 })) <= 64);
});
