/** Latency and drops, what runs, and the way in where a token is needed. */
import type { LiveLatency, ServerInfo } from '../../src/client/index.ts';
import { milliseconds, quantile } from './format.ts';

interface LatencyProps {
  latency: LiveLatency | null;
  /** Glass-to-glass times of the last frames on this screen, ms. */
  glassMs: readonly number[];
}

export function LatencyCard({ latency, glassMs }: LatencyProps) {
  const { total, track } = latency?.stages ?? {};
  const rows: [name: string, p50: number | null | undefined, p95: number | null | undefined][] = [
    ['Glass to glass', quantile(glassMs, 0.5), quantile(glassMs, 0.95)],
    ['Frame to mask', total?.p50, total?.p95],
    ['Tracking', track?.p50, track?.p95],
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
              <td>{milliseconds(p50)}</td>
              <td>{milliseconds(p95)}</td>
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
          <dt title="Frames that tracking was too slow for">Dropped</dt>
          <dd>{latency ? latency.counters.dropped : '–'}</dd>
        </div>
        <div>
          <dt title="Frames that this screen was too slow for">Not shown</dt>
          <dd>{latency ? latency.viewerDrops : '–'}</dd>
        </div>
      </dl>
    </section>
  );
}

export function About({ hello }: { hello: ServerInfo | null }) {
  if (!hello) return null;
  const device = hello.device as {
    engine: string;
    executionProvider: string;
    profile: string;
    models: { bundle: string };
  };
  const source = hello.source as { kind: string };
  return (
    <p class="about">
      {device.models.bundle} · {device.engine} · {device.executionProvider.toUpperCase()} ·{' '}
      {device.profile} · {source.kind}
    </p>
  );
}

export function TokenForm({ onToken }: { onToken(token: string): void }) {
  return (
    <form
      class="token"
      onSubmit={(event) => {
        event.preventDefault();
        onToken(String(new FormData(event.currentTarget).get('token')).trim());
      }}
    >
      <label>
        This server asks for an access token.
        <input name="token" type="password" autoComplete="off" required />
      </label>
      <button type="submit">Connect</button>
    </form>
  );
}
