import { useEffect, useRef } from 'preact/hooks';
import UPlot from 'uplot';
import 'uplot/dist/uPlot.min.css';

export interface Series {
  label: string;
  colour: string;
  values: (number | null)[];
}

const HEIGHT_PX = 150;
const AXIS = { stroke: '#a3b1bf', grid: { stroke: '#26313d' }, ticks: { stroke: '#26313d' } };

/** Values over time; `times` in s since 1970. */
export function Curve(props: { title: string; times: number[]; series: Series[] }) {
  const { title, times, series } = props;
  const place = useRef<HTMLDivElement>(null);
  const plot = useRef<UPlot | null>(null);
  useEffect(() => {
    const element = place.current;
    if (!element) return undefined;
    plot.current = new UPlot(
      {
        width: element.clientWidth,
        height: HEIGHT_PX,
        scales: { y: { range: (_, low, high) => [Math.min(0, low), high * 1.1 || 1] } },
        axes: [AXIS, { ...AXIS, size: 44 }],
        series: [
          {},
          ...series.map(({ label, colour }) => ({
            label,
            stroke: colour,
            width: 1.5,
            points: { size: 4 },
          })),
        ],
        legend: { show: series.length > 1, live: false },
        cursor: { show: false },
      },
      [[], ...series.map(() => [])] as UPlot.AlignedData,
      element,
    );
    const observer = new ResizeObserver(() => {
      plot.current?.setSize({ width: element.clientWidth, height: HEIGHT_PX });
    });
    observer.observe(element);
    return () => {
      observer.disconnect();
      plot.current?.destroy();
    };
    // The plot is made once; its labels and colours do not change.
  }, []);
  useEffect(() => {
    plot.current?.setData([times, ...series.map(({ values }) => values)] as UPlot.AlignedData);
  }, [times, series]);
  return (
    <figure>
      <figcaption>{title}</figcaption>
      <div ref={place} />
    </figure>
  );
}
