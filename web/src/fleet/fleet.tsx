import { useEffect, useState } from 'preact/hooks';
import type { Alert, DeviceRow, FleetState } from './api.ts';
import { arranged, COLUMNS, type Sort } from './columns.ts';
import { Device } from './device.tsx';
import { usePolled } from './poll.ts';

const POLL_MS = 1000;
/** Rows shown at once; a filter finds the others. */
const MOST_ROWS = 300;

const chosen = (): string => decodeURIComponent(location.hash.replace(/^#\/?/, ''));

export function Fleet() {
  const [device, setDevice] = useState(chosen());
  useEffect(() => {
    const listener = (): void => setDevice(chosen());
    addEventListener('hashchange', listener);
    return () => removeEventListener('hashchange', listener);
  }, []);
  const { value: fleet, failed } = usePolled<FleetState>('/api/fleet', POLL_MS);
  const alerts = fleet?.alerts ?? [];
  return (
    <>
      <header>
        <h1>
          <a href="#">sonotrack fleet</a>
        </h1>
        <Connection connected={fleet?.connected ?? false} failed={failed} />
        {fleet && <Totals fleet={fleet} />}
      </header>
      <main>
        {device ? (
          <Device
            key={device}
            name={device}
            alerts={alerts.filter(({ node }) => node === device)}
          />
        ) : (
          fleet && <Overview fleet={fleet} />
        )}
      </main>
    </>
  );
}

function Connection({ connected, failed }: { connected: boolean; failed: boolean }) {
  if (failed) return <p class="state bad">the host does not answer</p>;
  return connected ? <p class="state good">connected</p> : <p class="state warn">connecting…</p>;
}

function Totals({ fleet: { devices, counters, alerts } }: { fleet: FleetState }) {
  const online = devices.filter((device) => device.online).length;
  return (
    <p class="totals">
      <b>{online}</b> of {devices.length} online · <b>{counters.windows}</b> windows ·{' '}
      <b>{counters.missing}</b> missing · <b>{alerts.length}</b> alerts
    </p>
  );
}

function Overview({ fleet: { devices, alerts } }: { fleet: FleetState }) {
  const [sort, setSort] = useState<Sort>({ by: 'key', descending: false });
  const [filter, setFilter] = useState('');
  const rows = arranged(devices, sort, filter);
  const alarmed = new Map(alerts.map((alert) => [alert.node, alert]));
  const sortBy = (by: Sort['by']): void =>
    setSort({ by, descending: sort.by === by ? !sort.descending : by !== 'key' });
  return (
    <>
      <Alerts alerts={alerts} />
      <p class="tools">
        <input
          type="search"
          aria-label="Filter"
          placeholder="filter: name, model, profile, offline …"
          value={filter}
          onInput={(event) => setFilter(event.currentTarget.value)}
        />
        <span>
          {rows.length > MOST_ROWS ? `${MOST_ROWS} of ${rows.length}` : rows.length} devices
        </span>
      </p>
      <div class="scroll">
        <table>
          <thead>
            <tr>
              {COLUMNS.map(({ id, title, unit, text }) => (
                <th
                  key={id}
                  class={text || id === 'missing' ? 'number' : ''}
                  aria-sort={sort.by !== id ? 'none' : sort.descending ? 'descending' : 'ascending'}
                >
                  <button type="button" onClick={() => sortBy(id)}>
                    {title} {unit && <small>{unit}</small>}
                  </button>
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {rows.slice(0, MOST_ROWS).map((row) => (
              <Row key={row.key} row={row} alert={alarmed.get(row.key)} />
            ))}
          </tbody>
        </table>
      </div>
    </>
  );
}

function Row({ row, alert }: { row: DeviceRow; alert: Alert | undefined }) {
  const state = !row.online ? 'offline' : alert ? 'alert' : 'online';
  return (
    <tr class={state} title={alert?.message}>
      {COLUMNS.map(({ id, text }) => {
        const value = row[id];
        if (id === 'key') {
          return (
            <td key={id}>
              <span class="light" aria-label={state} />
              <a href={`#/${encodeURIComponent(row.key)}`}>{row.key}</a>
            </td>
          );
        }
        const shown = typeof value === 'number' && text ? text(value) : (value ?? '–');
        return (
          <td key={id} class={text || id === 'missing' ? 'number' : ''}>
            {shown}
          </td>
        );
      })}
    </tr>
  );
}

const MOST_ALERTS = 8;

export function Alerts({ alerts }: { alerts: readonly Alert[] }) {
  if (alerts.length === 0) return null;
  return (
    <section class="alerts" aria-label="Alerts">
      <ul>
        {alerts.slice(0, MOST_ALERTS).map(({ node, kind, message, sinceMs }) => (
          <li key={`${kind} ${node}`}>
            <b>{kind}</b> <a href={`#/${encodeURIComponent(node)}`}>{node}</a> {message}{' '}
            <small>since {new Date(sinceMs).toLocaleTimeString()}</small>
          </li>
        ))}
      </ul>
      {alerts.length > MOST_ALERTS && <p>and {alerts.length - MOST_ALERTS} more</p>}
    </section>
  );
}
