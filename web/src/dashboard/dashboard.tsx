import { useState } from 'preact/hooks';
import { keepToken, storedToken } from '../access.ts';
import { clock, TimeCurve } from '../time-curve.tsx';
import {
  CAUSES,
  PERCENTILES,
  STAGES,
  useDeviceHistory,
  type Cause,
  type DeviceEvent,
  type DeviceNow,
  type DeviceWindow,
  type Percentile,
  type Stage,
} from './api.ts';

/** Of Okabe and Ito: told apart with every kind of colour vision, and light enough for the dark ground. */
const STAGE_COLOURS: Record<Stage, string> = {
  wait: '#e69f00',
  preprocess: '#f0e442',
  inference: '#56b4e9',
  postprocess: '#d98ab5',
  track: '#3ecf9a',
  total: '#ffffff',
};
const CAUSE_COLOURS: Record<Cause, string> = {
  replaced: '#e69f00',
  frozen: '#56b4e9',
  late: '#f0e442',
  failed: '#ff7b7b',
  viewers: '#d98ab5',
};
const CAUSE_NAMES: Record<Cause, string> = {
  replaced: 'replaced by a newer frame',
  frozen: 'while frozen',
  late: 'inference late',
  failed: 'inference failed',
  viewers: 'slow viewers',
};
const SPANS_MIN = [1, 5, 15] as const;

export function Dashboard() {
  const [token, setToken] = useState(storedToken);
  const [percentile, setPercentile] = useState<Percentile>('p95');
  const [spanMin, setSpanMin] = useState<number>(5);
  const { now, windows, events, failed } = useDeviceHistory(token);
  const fromMs = (windows.at(-1)?.atMs ?? 0) - spanMin * 60_000;
  const shown = windows.filter(({ atMs }) => atMs >= fromMs);
  return (
    <>
      <header>
        <h1>sonotrack device</h1>
        <State state={now?.state ?? null} failed={failed} />
        {now && <p class="totals">{sourceOf(now)}</p>}
        <nav>
          <a href="/">Live view</a>
        </nav>
      </header>
      <main>
        {failed === 'token' && (
          <TokenForm
            onToken={(given) => {
              keepToken(given);
              setToken(given);
            }}
          />
        )}
        {now && <Facts now={now} windows={shown} />}
        {now && (
          <>
            <div class="choices">
              <Choice
                label="Percentile"
                options={PERCENTILES}
                chosen={percentile}
                onChoose={setPercentile}
              />
              <Choice
                label="Span, minutes"
                options={SPANS_MIN}
                chosen={spanMin}
                onChoose={setSpanMin}
              />
            </div>
            <Curves windows={shown} percentile={percentile} spanS={60 * spanMin} />
            <Events events={events} />
          </>
        )}
      </main>
    </>
  );
}

const sourceOf = ({ source, viewers }: DeviceNow): string =>
  `${source.kind ?? 'no source yet'} · ${viewers} ${viewers === 1 ? 'viewer' : 'viewers'}`;

function State({ state, failed }: { state: string | null; failed: string | null }) {
  if (failed === 'token') return <p class="state warn">a token is needed</p>;
  if (failed) return <p class="state bad">the device does not answer</p>;
  const kind = state === 'live' ? 'good' : state === 'fault' ? 'bad' : 'warn';
  return <p class={`state ${kind}`}>{state ?? 'connecting…'}</p>;
}

function TokenForm({ onToken }: { onToken: (token: string) => void }) {
  return (
    <form
      class="tools"
      onSubmit={(event) => {
        event.preventDefault();
        const field = event.currentTarget.elements.namedItem('token');
        if (field instanceof HTMLInputElement && field.value) onToken(field.value.trim());
      }}
    >
      <label>
        Token <input name="token" type="password" autocomplete="off" />
      </label>
      <button type="submit">Open</button>
    </form>
  );
}

function Choice<T extends string | number>(props: {
  label: string;
  options: readonly T[];
  chosen: T;
  onChoose: (option: T) => void;
}) {
  const { label, options, chosen, onChoose } = props;
  return (
    <fieldset>
      <legend>{label}</legend>
      {options.map((option) => (
        <button
          key={option}
          type="button"
          aria-pressed={option === chosen}
          onClick={() => onChoose(option)}
        >
          {option}
        </button>
      ))}
    </fieldset>
  );
}

const sum = (values: readonly number[]): number => values.reduce((total, one) => total + one, 0);

/** How it is now, and what runs. */
function Facts({ now, windows }: { now: DeviceNow; windows: readonly DeviceWindow[] }) {
  const last = windows.at(-1);
  const { device, version } = now;
  const received = sum(windows.map((window) => window.received));
  const replaced = sum(windows.map(({ drops }) => drops.replaced));
  const of = (value: number | null | undefined, unit: string, digits = 1): string =>
    value === null || value === undefined ? '–' : `${value.toFixed(digits)} ${unit}`.trim();
  const model = ({ version: own, precision }: { version: string; precision: string }): string =>
    `${own} ${precision}`;
  return (
    <>
      <dl class="figures">
        <Fact title="results" value={of(last?.fps, 'Hz')} />
        <Fact title="latency, p95" value={of(last?.stages.total?.p95, 'ms')} />
        <Fact title="quality" value={of(last?.quality?.mean, '', 2)} />
        <Fact title="dropped" value={of(received ? (100 * replaced) / received : null, '%')} />
        <Fact title="objects" value={of(last?.objects, '', 0)} />
        <Fact
          title="interventions"
          value={of(sum(windows.map(({ interventions }) => interventions)), '', 0)}
        />
        <Fact title="temperature" value={of(last?.health.temperatureC, '°C', 0)} />
        <Fact title="thermal step" value={of(last?.health.thermalStep, '', 0)} />
        <Fact title="memory" value={of(last?.health.memoryMb, 'MB', 0)} />
      </dl>
      <dl class="facts">
        <Fact title="provider" value={`${device.executionProvider} (${device.engine})`} />
        <Fact title="profile" value={device.profile} />
        <Fact title="models" value={device.models.bundle} />
        <Fact title="SonoSAMLite" value={model(device.models.sonosam)} />
        <Fact title="DeAOT" value={model(device.models.deaot)} />
        <Fact title="sonotrack" value={version} />
      </dl>
      {device.notices.map((notice) => (
        <p key={notice} class="notice">
          {notice}
        </p>
      ))}
    </>
  );
}

function Fact({ title, value }: { title: string; value: string }) {
  return (
    <div>
      <dt>{title}</dt>
      <dd>{value}</dd>
    </div>
  );
}

function Curves(props: {
  windows: readonly DeviceWindow[];
  percentile: Percentile;
  spanS: number;
}) {
  const { windows, percentile, spanS } = props;
  const times = windows.map(({ atMs }) => atMs / 1000);
  const series = (of: (window: DeviceWindow) => number | null | undefined): (number | null)[] =>
    windows.map((window) => of(window) ?? null);
  return (
    <section class="curves" aria-label="Over time">
      <div class="wide">
        <TimeCurve
          title={`Latency by stage, ${percentile} of each window, ms`}
          times={times}
          spanS={spanS}
          height={240}
          series={STAGES.map((stage) => ({
            label: stage,
            colour: STAGE_COLOURS[stage],
            values: series(({ stages }) => stages[stage]?.[percentile]),
          }))}
        />
      </div>
      <TimeCurve
        title="Results, Hz"
        times={times}
        spanS={spanS}
        series={[{ label: 'Hz', colour: '#3ecf9a', values: series(({ fps }) => fps) }]}
      />
      <TimeCurve
        title="Drops by cause, in each window"
        times={times}
        spanS={spanS}
        series={CAUSES.map((cause) => ({
          label: CAUSE_NAMES[cause],
          colour: CAUSE_COLOURS[cause],
          values: series(({ drops }) => drops[cause]),
        }))}
      />
      <TimeCurve
        title="Quality: the device's own estimate of the DSC"
        times={times}
        spanS={spanS}
        series={[
          { label: 'mean', colour: '#3ecf9a', values: series(({ quality }) => quality?.mean) },
          { label: 'least', colour: '#e69f00', values: series(({ quality }) => quality?.min) },
        ]}
      />
      <TimeCurve
        title="Interventions, in each window"
        times={times}
        spanS={spanS}
        series={[
          {
            label: 'prompts',
            colour: '#f0e442',
            values: series(({ interventions }) => interventions),
          },
        ]}
      />
      <TimeCurve
        title="Temperature, °C, and thermal step"
        times={times}
        spanS={spanS}
        none="this machine tells no temperature"
        series={[
          { label: '°C', colour: '#ff8f6b', values: series(({ health }) => health.temperatureC) },
          {
            label: 'thermal step',
            colour: '#56b4e9',
            values: series(({ health }) =>
              health.temperatureC === null ? null : health.thermalStep,
            ),
          },
        ]}
      />
      <TimeCurve
        title="Memory, MB"
        times={times}
        spanS={spanS}
        series={[
          { label: 'MB', colour: '#56b4e9', values: series(({ health }) => health.memoryMb) },
        ]}
      />
    </section>
  );
}

function Events({ events }: { events: readonly DeviceEvent[] }) {
  return (
    <section class="events" aria-labelledby="events-title">
      <h2 id="events-title">Events</h2>
      <ol>
        {[...events].reverse().map(({ sequence, atMs, kind, message }) => (
          <li key={sequence}>
            <time dateTime={new Date(atMs).toISOString()}>{clock(atMs / 1000, 1)}</time>
            <b class={kind === 'fault' || kind === 'thermal' ? 'warn' : ''}>{kind}</b>
            <span>{message}</span>
          </li>
        ))}
      </ol>
    </section>
  );
}
