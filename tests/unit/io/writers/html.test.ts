import { test } from 'tap';
import { htmlPage, htmlPicture, htmlPlot, htmlTable } from '../../../../src/io/writers/html.js';

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
  t.equal(svg.match(/<rect /g)?.length, 4);
});
