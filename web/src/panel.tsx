import { objectColour } from './colours.ts';
import { sparkline, type Sample } from './history.ts';
import type { HelloMessage, LatencyMessage, WireObject } from './wire.ts';

const STATUS_TEXT = { tracking: 'tracking', ask: 'needs a click', lost: 'lost' };
const SPARK = { width: 80, height: 34 };

interface ObjectRowProps {
  object: WireObject;
  samples: readonly Sample[];
  active: boolean;
  onSelect(): void;
  onRemove(): void;
}

export function ObjectRow({ object, samples, active, onSelect, onRemove }: ObjectRowProps) {
  const { id, status, quality } = object;
  return (
    <li class={active ? 'object active' : 'object'} data-object-id={id}>
      <button type="button" class="object-main" aria-pressed={active} onClick={onSelect}>
        <span class="swatch" style={{ background: objectColour(id) }} aria-hidden="true" />
        <span class="object-text">
          <span class="object-name">
            Object {id} <span class={`chip ${status}`}>{STATUS_TEXT[status]}</span>
          </span>
          <span class="object-area">{formatArea(object)}</span>
        </span>
        <svg
          class="spark"
          viewBox={`-1 -1 ${SPARK.width + 2} ${SPARK.height + 2}`}
          role="img"
          aria-label={`Area over the last seconds; estimated quality ${Math.round(quality * 100)} %`}
        >
          <polyline
            points={sparkline(samples, SPARK.width, SPARK.height)}
            stroke={objectColour(id)}
          />
        </svg>
      </button>
      <button type="button" class="remove" aria-label={`Remove object ${id}`} onClick={onRemove}>
        ×
      </button>
    </li>
  );
}

export function formatArea({ areaMm2, areaPx, status }: WireObject): string {
  if (status === 'lost') return '—';
  if (areaMm2 === null) return `${areaPx.toLocaleString('en')} px · uncalibrated`;
  return areaMm2 >= 1000
    ? `${(areaMm2 / 100).toFixed(1)} cm²`
    : `${areaMm2.toFixed(areaMm2 < 100 ? 1 : 0)} mm²`;
}

export function LatencyCard({ latency }: { latency: LatencyMessage | null }) {
  const { total, track } = latency?.stages ?? {};
  const rows: [string, string, string][] = [
    ['Frame to mask', milliseconds(total?.p50), milliseconds(total?.p95)],
    ['Tracking', milliseconds(track?.p50), milliseconds(track?.p95)],
  ];
  return (
    <section class="card" aria-labelledby="latency-title">
      <h2 id="latency-title">Latency</h2>
      <table>
        <thead>
          <tr>
            <th scope="col">ms</th>
            <th scope="col">p50</th>
            <th scope="col">p95</th>
          </tr>
        </thead>
        <tbody>
          {rows.map(([name, p50, p95]) => (
            <tr key={name}>
              <th scope="row">{name}</th>
              <td>{p50}</td>
              <td>{p95}</td>
            </tr>
          ))}
        </tbody>
      </table>
      <dl class="figures">
        <div>
          <dt>Frames/s</dt>
          <dd>{latency ? latency.fps.toFixed(1) : '–'}</dd>
        </div>
        <div>
          <dt>Dropped</dt>
          <dd>{latency ? latency.counters.dropped : '–'}</dd>
        </div>
        <div>
          <dt>Not shown</dt>
          <dd>{latency ? latency.viewerDrops : '–'}</dd>
        </div>
      </dl>
    </section>
  );
}

function milliseconds(value: number | undefined): string {
  return value === undefined ? '–' : value.toFixed(value < 10 ? 1 : 0);
}

export function About({ hello }: { hello: HelloMessage | null }) {
  if (!hello) return null;
  const { device, source } = hello;
  return (
    <p class="about">
      {device.models.bundle} · {device.engine} · {device.executionProvider.toUpperCase()} ·{' '}
      {source.kind}
      {source.spacingMm === null && ' · uncalibrated'}
    </p>
  );
}
