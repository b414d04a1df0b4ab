import { devicePath, historyPath, type Alert, type DeviceState, type Minute } from './api.ts';
import { TimeCurve } from '../time-curve.tsx';
import { Alerts } from './fleet.tsx';
import { usePolled } from './poll.ts';

const POLL_MS = 1000;
const HISTORY_MS = 10_000;

/** One device: what it runs, its latency by stage now, its last hour, and every metric it tells. */
export function Device({ name, alerts }: { name: string; alerts: readonly Alert[] }) {
  const { value: device, failed } = usePolled<DeviceState>(devicePath(name), POLL_MS);
  const { value: minutes } = usePolled<Minute[]>(historyPath(name), HISTORY_MS);
  if (!device) return <p>{failed ? 'There is no such device.' : '…'}</p>;
  const { values } = device;
  const times = (minutes ?? []).map(({ minuteMs }) => minuteMs / 1000);
  const series = (of: (minute: Minute) => number | null) => (minutes ?? []).map(of);
  return (
    <>
      <h2>
        <span class={`light ${device.online ? 'online' : 'offline'}`} /> {name}{' '}
        <small>
          {device.online ? 'online' : 'offline'} since {new Date(device.sinceMs).toLocaleString()}
        </small>
      </h2>
      <Alerts alerts={alerts} />
      <dl class="facts">
        <Fact title="version" value={device.version} />
        <Fact title="models" value={device.models} />
        <Fact title="profile" value={device.profile} />
        <Fact title="provider" value={device.provider} />
        <Fact title="results" value={device.fps} unit="Hz" />
        <Fact title="dropped" value={device.dropShare && 100 * device.dropShare} unit="%" />
        <Fact title="quality" value={device.quality} digits={2} />
        <Fact title="objects" value={device.objects} digits={0} />
        <Fact title="temperature" value={device.temperatureC} unit="°C" digits={0} />
        <Fact title="thermal step" value={device.thermalStep} digits={0} />
        <Fact title="memory" value={device.memoryMb} unit="MB" digits={0} />
        <Fact title="windows missing" value={device.missing} digits={0} />
      </dl>
      <section class="curves">
        <TimeCurve
          title="Total latency, ms, greatest of each minute"
          times={times}
          series={[
            { label: 'p50', colour: '#56b4e9', values: series(({ p50Ms }) => p50Ms) },
            { label: 'p95', colour: '#e69f00', values: series(({ p95Ms }) => p95Ms) },
            { label: 'p99', colour: '#cc79a7', values: series(({ p99Ms }) => p99Ms) },
          ]}
        />
        <TimeCurve
          title="Results, Hz"
          times={times}
          series={[
            {
              label: 'Hz',
              colour: '#009e73',
              values: series(({ fpsSum, windows }) => fpsSum / windows),
            },
          ]}
        />
        <TimeCurve
          title="Quality, least of each minute"
          times={times}
          series={[{ label: 'DSC', colour: '#f0e442', values: series(({ quality }) => quality) }]}
        />
        <TimeCurve
          title="Temperature, °C"
          times={times}
          series={[{ label: '°C', colour: '#d55e00', values: series((m) => m.temperatureC) }]}
        />
      </section>
      <Stages values={values} />
      <details>
        <summary>All metrics</summary>
        <table class="metrics">
          <tbody>
            {Object.entries(values).map(([metric, value]) => (
              <tr key={metric}>
                <td>{metric}</td>
                <td>{value === null ? '–' : String(value)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </details>
    </>
  );
}

function Fact(props: {
  title: string;
  value: string | number | null;
  unit?: string;
  digits?: number;
}) {
  const { title, value, unit = '', digits = 1 } = props;
  const text = typeof value === 'number' ? `${value.toFixed(digits)} ${unit}` : (value ?? '–');
  return (
    <div>
      <dt>{title}</dt>
      <dd>{text}</dd>
    </div>
  );
}

const STAGE = /^Latency\/(.+)\/P50$/;

function Stages({ values }: { values: DeviceState['values'] }) {
  const stages = Object.keys(values).flatMap((name) => STAGE.exec(name)?.[1] ?? []);
  const at = (stage: string, percentile: string): string => {
    const ms = values[`Latency/${stage}/${percentile}`];
    return typeof ms === 'number' ? ms.toFixed(1) : '–';
  };
  return (
    <table class="stages">
      <thead>
        <tr>
          <th>last window, ms</th>
          {['P50', 'P95', 'P99', 'Max'].map((name) => (
            <th key={name} class="number">
              {name.toLowerCase()}
            </th>
          ))}
        </tr>
      </thead>
      <tbody>
        {stages.map((stage) => (
          <tr key={stage}>
            <td>{stage}</td>
            {['P50', 'P95', 'P99', 'Max'].map((name) => (
              <td key={name} class="number">
                {at(stage, name)}
              </td>
            ))}
          </tr>
        ))}
      </tbody>
    </table>
  );
}
