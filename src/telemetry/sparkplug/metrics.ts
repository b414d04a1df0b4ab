/** The metrics of a sonotrack device: names, units and ranges as they stand in its births, and what fills them. */
import { LATENCY_STAGES, type LatencyStage } from '../../live/types.js';
import type { DeviceInfo } from '../../sdk/types.js';
import type { TelemetryWindow } from '../window.js';
import type { MetricType, MetricValue } from './payload.js';

export interface MetricDefinition {
  name: string;
  type: MetricType;
  /** UCUM where there is one. */
  unit?: string;
  /** Least and greatest value that makes sense. */
  range?: readonly [number, number];
  /** A change is told when it is more than `absolute` and more than the share `relative` of the last value told. */
  deadband?: { absolute: number; relative?: number };
}

export type MetricValues = Record<string, MetricValue>;

const text = (name: string): MetricDefinition => ({ name, type: 'String' });
const count = (name: string): MetricDefinition => ({
  name,
  type: 'Int64',
  unit: '1',
  range: [0, Number.MAX_SAFE_INTEGER],
});
const share = (name: string): MetricDefinition => ({
  name,
  type: 'Double',
  unit: '1',
  range: [0, 1],
  deadband: { absolute: 0.01 },
});

/** Of the node, which is the device as a whole. */
export const NODE_METRICS: readonly MetricDefinition[] = [
  text('Properties/Version'),
  text('Properties/Engine'),
  text('Properties/Execution Provider'),
  text('Properties/Profile'),
  text('Properties/Models/Bundle'),
  text('Properties/Models/SonoSAM'),
  text('Properties/Models/DeAOT'),
  { name: 'Health/Memory', type: 'Double', unit: 'MB', range: [0, 1e6], deadband: { absolute: 5 } },
  {
    name: 'Health/Temperature',
    type: 'Double',
    unit: 'Cel',
    range: [-100, 300],
    deadband: { absolute: 1 },
  },
  count('Health/Thermal Step'),
  count('Queue/Depth'),
  count('Queue/Lost'),
  text('Command/Name'),
  text('Command/Result'),
  count('Command/Done'),
  count('Command/Refused'),
  count('Command/Failed'),
];

const PERCENTILES = [
  ['P50', 'p50'],
  ['P95', 'p95'],
  ['P99', 'p99'],
  ['Max', 'max'],
] as const;

export const latencyMetric = (
  stage: LatencyStage,
  percentile: (typeof PERCENTILES)[number][0],
): string => `Latency/${stage}/${percentile}`;

/** Of the Sparkplug device `session`: what the live session does. */
export const SESSION_METRICS: readonly MetricDefinition[] = [
  // Tells the host whether a window is missing.
  count('Window/Sequence'),
  count('Window/Merged'),
  {
    name: 'Frames/Rate',
    type: 'Double',
    unit: 'Hz',
    range: [0, 1000],
    deadband: { absolute: 0.2 },
  },
  count('Frames/Received'),
  count('Frames/Processed'),
  count('Frames/Dropped'),
  ...LATENCY_STAGES.flatMap((stage) =>
    PERCENTILES.map(([percentile]): MetricDefinition => ({
      name: latencyMetric(stage, percentile),
      type: 'Double',
      unit: 'ms',
      range: [0, 60_000],
      deadband: { absolute: 0.1, relative: 0.02 },
    })),
  ),
  count('Objects/Count'),
  count('Objects/Ask'),
  count('Objects/Lost'),
  {
    name: 'Objects/Area',
    type: 'Double',
    unit: 'mm2',
    range: [0, 1e6],
    deadband: { absolute: 0.1, relative: 0.01 },
  },
  share('Quality/Mean'),
  share('Quality/Min'),
  count('Interventions'),
  count('Resets'),
  count('Faults'),
  count('Masks/Sent'),
  count('Masks/Limited'),
  count('Masks/Unsent'),
];

export function propertiesOf(device: DeviceInfo, version: string): MetricValues {
  const { engine, executionProvider, profile, models } = device;
  return {
    'Properties/Version': version,
    'Properties/Engine': engine,
    'Properties/Execution Provider': executionProvider,
    'Properties/Profile': profile,
    'Properties/Models/Bundle': models.bundle,
    'Properties/Models/SonoSAM': models.sonosam.version,
    'Properties/Models/DeAOT': models.deaot.version,
  };
}

export function healthValues({ health }: TelemetryWindow): MetricValues {
  return {
    'Health/Memory': health.memoryMb,
    'Health/Temperature': health.temperatureC,
    'Health/Thermal Step': health.thermalStep,
  };
}

/** @param sequence number of the window; `merged` how many it stands for */
export function sessionValues(
  { stages, counters, objects, quality, masks, results, windowS }: TelemetryWindow,
  { sequence, merged }: { sequence: number; merged: number },
): MetricValues {
  const latency: MetricValues = {};
  for (const stage of LATENCY_STAGES) {
    for (const [name, key] of PERCENTILES) {
      latency[latencyMetric(stage, name)] = stages[stage]?.[key] ?? null;
    }
  }
  return {
    'Window/Sequence': sequence,
    'Window/Merged': merged,
    'Frames/Rate': windowS > 0 ? results / windowS : 0,
    'Frames/Received': counters.received,
    'Frames/Processed': counters.processed,
    'Frames/Dropped': counters.dropped,
    ...latency,
    'Objects/Count': objects.count,
    'Objects/Ask': objects.ask,
    'Objects/Lost': objects.lost,
    'Objects/Area': objects.areaMm2,
    'Quality/Mean': quality?.mean ?? null,
    'Quality/Min': quality?.min ?? null,
    Interventions: counters.clicks,
    Resets: counters.resets,
    Faults: counters.faults,
    'Masks/Sent': masks.sent,
    'Masks/Limited': masks.limited,
    'Masks/Unsent': masks.unsent,
  };
}
