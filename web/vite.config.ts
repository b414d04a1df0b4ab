import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vite';

/** The viewer of a device and its dashboard, and the page of the fleet host. */
const PAGES = ['index.html', 'dashboard.html', 'fleet.html'];

export default defineConfig({
  build: {
    outDir: '../dist/web',
    emptyOutDir: true,
    // Everything comes from the server itself: its content security policy allows no inlined files.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    rolldownOptions: {
      input: PAGES.map((page) => fileURLToPath(new URL(page, import.meta.url))),
    },
  },
  server: {
    proxy: {
      '/stream': { target: 'ws://127.0.0.1:8080', ws: true },
      '/api': 'http://127.0.0.1:8080',
    },
  },
});
