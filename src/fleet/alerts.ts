/** Rules on the state of nodes, and which of them are broken now. */
import { checkInteger, checkNumber, checkObject, checkString } from '../runtime/validate.js';
import type { NodeState } from './node-state.js';

export interface AlertRules {
  /** Total latency, p95 of a window, ms. Default: 200. */
  latencyP95Ms?: number;
  /** Frames dropped of those received over the latest windows, 0–1. Default: 0.5. */
  dropShare?: number;
  /** Time offline, or without a window while online, s. Default: 30. */
  offlineS?: number;
  /** The bundle that every node should run, name and version. Default: the one that most of the nodes run. */
  models?: string;
}

export const ALERT_DEFAULTS = { latencyP95Ms: 200, dropShare: 0.5, offlineS: 30 };

export const ALERT_KINDS = ['latency', 'drops', 'offline', 'silent', 'model'] as const;
export type AlertKind = (typeof ALERT_KINDS)[number];

export interface Alert {
  node: string;
  kind: AlertKind;
  message: string;
  /** When it was first seen so, ms since 1970. */
  sinceMs: number;
}

export class Alerts {
  #active = new Map<string, Alert>();
  readonly #rules: AlertRules & typeof ALERT_DEFAULTS;

  /** @throws TypeError, RangeError for a wrong rule */
  constructor(rules: AlertRules = {}) {
    checkObject(rules, 'alerts', ['latencyP95Ms', 'dropShare', 'offlineS', 'models']);
    this.#rules = { ...ALERT_DEFAULTS, ...rules };
    checkNumber(this.#rules.latencyP95Ms, 'latencyP95Ms', [0.1, 1e6]);
    checkNumber(this.#rules.dropShare, 'dropShare', [0, 1]);
    checkInteger(this.#rules.offlineS, 'offlineS', [1, 1e7]);
    if (rules.models !== undefined) checkString(rules.models, 'models');
  }

  get active(): readonly Alert[] {
    return [...this.#active.values()];
  }

  /** Judges every node as it is now. */
  evaluate(nodes: Iterable<NodeState>, nowMs: number): void {
    const all = [...nodes];
    const models = this.#rules.models ?? mostCommon(all.map(modelsOf));
    const active = new Map<string, Alert>();
    for (const node of all) {
      for (const [kind, message] of this.#broken(node, models, nowMs)) {
        const key = `${kind} ${node.key}`;
        const sinceMs = this.#active.get(key)?.sinceMs ?? nowMs;
        active.set(key, { node: node.key, kind, message, sinceMs });
      }
    }
    this.#active = active;
  }

  #broken(node: NodeState, models: string | null, nowMs: number): [AlertKind, string][] {
    const { latencyP95Ms, dropShare, offlineS } = this.#rules;
    if (!node.online) {
      const s = (nowMs - node.sinceMs) / 1000;
      return s >= offlineS ? [['offline', `offline for ${Math.round(s)} s`]] : [];
    }
    const broken: [AlertKind, string][] = [];
    const p95 = node.values.get('Latency/total/P95');
    if (typeof p95 === 'number' && p95 > latencyP95Ms) {
      broken.push(['latency', `p95 ${p95.toFixed(1)} ms, above ${latencyP95Ms} ms`]);
    }
    const share = node.dropShare;
    if (share !== null && share > dropShare) {
      broken.push(['drops', `${Math.round(share * 100)} % of the frames dropped`]);
    }
    const heardMs = Math.max(node.heardMs, node.sinceMs);
    const silentS = (nowMs - heardMs) / 1000;
    if (silentS >= offlineS) broken.push(['silent', `no window for ${Math.round(silentS)} s`]);
    const own = modelsOf(node);
    if (models !== null && own !== null && own !== models) {
      broken.push(['model', `runs ${own}, expected ${models}`]);
    }
    return broken;
  }
}

function modelsOf(node: NodeState): string | null {
  const value = node.values.get('Properties/Models/Bundle');
  return typeof value === 'string' ? value : null;
}

function mostCommon(values: readonly (string | null)[]): string | null {
  const counts = new Map<string, number>();
  for (const value of values) if (value !== null) counts.set(value, (counts.get(value) ?? 0) + 1);
  let [best, most]: [string | null, number] = [null, 0];
  for (const [value, count] of counts) if (count > most) [best, most] = [value, count];
  return best;
}
