/** The area of one object over the last seconds. */
import { useEffect, useRef } from 'preact/hooks';
import uPlot from 'uplot';
import 'uplot/dist/uPlot.min.css';
import { SPAN_S, type Sample } from './history.ts';

interface CurveProps {
  samples: readonly Sample[];
  /** Of the axis, in that of the samples. */
  unitSize: number;
  colour: string;
  label: string;
}

const HEIGHT = 56;
const AXIS = '#a3b1bf';
const GRID = '#26313d';

export function Curve({ samples, unitSize, colour, label }: CurveProps) {
  const holder = useRef<HTMLDivElement>(null);
  const plot = useRef<uPlot | null>(null);

  useEffect(() => {
    if (!holder.current) return undefined;
    const element = holder.current;
    const created = new uPlot(optionsOf(element.clientWidth || 240, colour), [[], []], element);
    plot.current = created;
    const observer = new ResizeObserver(() => {
      if (element.clientWidth) created.setSize({ width: element.clientWidth, height: HEIGHT });
    });
    observer.observe(element);
    return () => {
      observer.disconnect();
      created.destroy();
      plot.current = null;
    };
  }, [colour]);

  useEffect(() => {
    const end = samples.at(-1)?.timeS ?? 0;
    const times = samples.map(({ timeS }) => timeS - end);
    plot.current?.setData([times, samples.map(({ area }) => area / unitSize)]);
  });

  return <div class="curve" ref={holder} role="img" aria-label={label} />;
}

function optionsOf(width: number, colour: string): uPlot.Options {
  const axis = { stroke: AXIS, grid: { stroke: GRID, width: 1 }, ticks: { show: false } };
  return {
    width,
    height: HEIGHT,
    padding: [4, 2, 6, 0],
    legend: { show: false },
    cursor: { show: false },
    scales: {
      x: { time: false, range: [-SPAN_S, 0] },
      y: {
        range: (_, low, high) => [low - 0.05 * (high - low || 1), high + 0.05 * (high - low || 1)],
      },
    },
    axes: [
      { ...axis, show: false },
      { ...axis, size: 44, gap: 4, space: 18, font: '11px system-ui' },
    ],
    series: [{}, { stroke: colour, width: 1.5, points: { show: false } }],
  };
}
