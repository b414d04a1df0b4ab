import { test } from 'tap';
import { htmlPage, htmlPicture, htmlPlot, htmlTable } from '../../../../src/io/writers/html.js';
import { plotSvg } from '../../../../src/io/writers/plot.js';

test('text is escaped wherever it stands', async (t) => {
  const bad = `<b>&"'`;
  const page = htmlPage(bad, [
    htmlTable([[bad], [bad]]),
    htmlPicture(new Uint8Array(), bad),
    htmlPlot([{ name: bad, points: [{ x: 0, y: 0 }] }], { title: bad, x: bad, y: bad }),
  ]);
  t.notMatch(page, /<b>/);
  t.match(page, /&lt;b&gt;&amp;&quot;&#39;/);
  t.notMatch(page, /https?:/, 'it needs nothing but itself');
});

test('a line goes through its points: left to right, low to high', async (t) => {
  const points = [
    { x: 0, y: 0 },
    { x: 10, y: NaN },
    { x: 10, y: 1 },
  ];
  const svg = htmlPlot([{ name: 'a', points }], { title: 'T', x: 'x', y: 'y' });
  t.match(svg, 'points="56.0,256.0 544.0,16.0"');
});

test('bars stand beside each other, one a series and place', async (t) => {
  const points = [1, 2].map((x) => ({ x, y: x }));
  const svg = htmlPlot(
    [
      { name: 'a', points },
      { name: 'b', points },
    ],
    { title: 'T', x: 'x', y: 'y', kind: 'bars' },
  );
  t.equal(
    svg.match(/<rect [^>]*height="[^"]*" fill="#(0072b2|d55e00)"/g)?.length,
    6,
    'with those of the legend',
  );
});

test('places are named, marks ringed, and a threshold stands at its height', async (t) => {
  const points = [1, 2].map((x) => ({ x, y: x - 1 }));
  const named = plotSvg([{ name: 'a', points }], {
    title: 'T',
    x: 'x',
    y: 'y',
    kind: 'bars',
    places: ['left', 'right'],
  });
  t.match(named, /<svg xmlns=/, 'it is a document of its own');
  t.match(named, />left<.*>right</);
  const marked = plotSvg([{ name: 'a', points, marks: [{ x: 2, y: 1 }] }], {
    title: 'T',
    x: 'x',
    y: 'y',
    threshold: 0.5,
  });
  t.match(marked, '<circle cx="544.0" cy="16.0"');
  t.match(marked, 'class="threshold" x1="56" x2="544" y1="136.0" y2="136.0"');
});
