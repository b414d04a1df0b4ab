import { test } from 'tap';
import {
  CommandDesk,
  type CommandReport,
  type Commands,
} from '../../../../src/telemetry/sparkplug/command-desk.js';
import type { WrittenMetric } from '../../../../src/telemetry/sparkplug/edge-node.js';

function setUp(commands: Commands) {
  const reports: CommandReport[] = [];
  const desk = new CommandDesk(commands, (report) => reports.push(report));
  const take = async (written: Partial<WrittenMetric>): Promise<CommandReport> => {
    await desk.take({
      device: null,
      name: 'Node Control/Profile',
      value: 'x',
      retained: false,
      ...written,
    });
    return reports[reports.length - 1];
  };
  return { desk, reports, take };
}

const echo: Commands = {
  Profile: { type: 'String', run: async (value) => `the profile is ${value}` },
};

test('a command of the allow list runs and is told twice: when it begins and when it has ended', async (t) => {
  const { desk, reports, take } = setUp(echo);
  await take({});
  const name = 'Node Control/Profile';
  t.same(reports, [
    { name, outcome: 'running', result: 'running' },
    { name, outcome: 'done', result: 'the profile is x' },
  ]);
  t.same(desk.counts, { done: 1, refused: 0, failed: 0 });
});

test('everything else is refused with its reason and counted', async (t) => {
  const { desk, take } = setUp(echo);
  const refusals: [Partial<WrittenMetric>, string][] = [
    [{ name: 'Node Control/Log Level' }, 'refused: not allowed'],
    [{ name: 'Node Control/Install Model' }, 'refused: not allowed'],
    [{ name: 'Node Control/Reboot' }, 'refused: unknown command'],
    [{ name: 'Properties/Profile' }, 'refused: unknown command'],
    [{ device: 'session' }, 'refused: unknown command'],
    [{ value: true }, 'refused: expected a value of type String but received boolean'],
    [{ retained: true }, 'refused: a retained message is no command'],
    [{ name: null }, 'refused: the message could not be read'],
  ];
  for (const [written, result] of refusals) t.match(await take(written), { result });
  t.same(desk.counts, { done: 0, refused: refusals.length, failed: 0 });
});

test('a command that fails tells why', async (t) => {
  const { desk, take } = setUp({
    Profile: { type: 'String', run: () => Promise.reject(new Error('no such profile')) },
  });
  t.match(await take({}), { outcome: 'failed', result: 'failed: no such profile' });
  t.same(desk.counts, { done: 0, refused: 0, failed: 1 });
});

test('while a command runs others are refused', async (t) => {
  let end = (_result: string): void => undefined;
  const { desk, take } = setUp({
    Profile: { type: 'String', run: () => new Promise((resolve) => (end = resolve)) },
  });
  const first = take({});
  t.match(await take({}), { result: 'refused: another command is running' });
  end('done');
  t.match(await first, { outcome: 'done' });
  t.same(desk.counts, { done: 1, refused: 1, failed: 0 });
});

test('a name from the network is one line of bounded length', async (t) => {
  const { take } = setUp({});
  const { name } = await take({ device: 'session', name: `a\nb${'c'.repeat(500)}` });
  t.match(name, /^session\/a\?bc+$/);
  t.equal(name.length, 128);
});
