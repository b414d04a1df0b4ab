import { useEffect, useRef } from 'preact/hooks';
import UPlot from 'uplot';
import 'uplot/dist/uPlot.min.css';

export interface Series {
  label: string;
  colour: string;
  values: (number | null)[];
}

const HEIGHT_PX = 150;
const MINUTE_S = 60;
/** No finer than a second: windows are no shorter, as a rule. */
const TICKS_S = [1, 2, 5, 10, 15, 30, ...[1, 2, 5, 10, 15, 30, 60, 120, 360].map((m) => m * 60)];
const AXIS = { stroke: '#a3b1bf', grid: { stroke: '#26313d' }, ticks: { stroke: '#26313d' } };

const two = (value: number): string => String(value).padStart(2, '0');

/** Hours and minutes, and seconds where a step is less than a minute. */
export function clock(timeS: number, stepS: number): string {
  const date = new Date(timeS * 1000);
  const minutes = `${two(date.getHours())}:${two(date.getMinutes())}`;
  return stepS < MINUTE_S ? `${minutes}:${two(date.getSeconds())}` : minutes;
}

/** Values over time; `times` in s since 1970. `spanS`: how much of it is shown at most, from the last value back. `none`: what is said while there are no values. */
export function TimeCurve(props: {
  title: string;
  times: number[];
  series: Series[];
  spanS?: number;
  height?: number;
  none?: string;
}) {
  const { title, times, series, spanS, height = HEIGHT_PX, none = 'no values yet' } = props;
  const span = useRef(spanS);
  span.current = spanS;
  const place = useRef<HTMLDivElement>(null);
  const plot = useRef<UPlot | null>(null);
  const isEmpty = series.every(({ values }) => values.every((value) => value === null));
  useEffect(() => {
    const element = place.current;
    if (!element) return undefined;
    plot.current = new UPlot(
      {
        width: element.clientWidth,
        height,
        padding: [8, 28, 0, 0],
        scales: {
          x: {
            range: (_, first, last) => [
              span.current === undefined ? first : last - span.current,
              last,
            ],
          },
          y: { range: (_, low, high) => [Math.min(0, low), high * 1.1 || 1] },
        },
        axes: [
          {
            ...AXIS,
            size: 28,
            space: 80,
            incrs: TICKS_S,
            values: (_, ticks, __, ___, stepS) => ticks.map((tick) => clock(tick, stepS)),
          },
          { ...AXIS, size: 50 },
        ],
        series: [
          {},
          ...series.map(({ label, colour }) => ({
            label,
            stroke: colour,
            width: 1.5,
            points: { size: 4 },
          })),
        ],
        legend: { show: false },
        cursor: { show: false },
      },
      [[], ...series.map(() => [])] as UPlot.AlignedData,
      element,
    );
    const observer = new ResizeObserver(() => {
      plot.current?.setSize({ width: element.clientWidth, height });
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
      <figcaption>
        {title}
        {series.length > 1 && (
          <span class="legend">
            {series.map(({ label, colour }) => (
              <span key={label} ref={(element) => element?.style.setProperty('--colour', colour)}>
                {label}
              </span>
            ))}
          </span>
        )}
      </figcaption>
      <div class="plot" ref={place} role="img" aria-label={title}>
        {isEmpty && <p>{none}</p>}
      </div>
    </figure>
  );
}
