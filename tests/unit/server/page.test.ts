import { join } from 'node:path';
import { test } from 'tap';
import { loadPage } from '../../../src/server/page.js';

test('the page is served from memory by path, the start page also at the root', async (t) => {
  const folder = t.testdir({
    'index.html': '<p>',
    assets: { 'a.js': '1', 'notes.md': 'not served' },
  });
  const page = await loadPage(folder);
  t.same([...page.keys()].sort(), ['/', '/assets/a.js', '/index.html']);
  t.match(page.get('/assets/a.js'), { type: /javascript/, immutable: true });
  t.match(page.get('/'), { type: /html/, immutable: false });
});

test('a page that has not been built is empty', async (t) => {
  t.equal((await loadPage(join(t.testdir(), 'nothing'))).size, 0);
});
