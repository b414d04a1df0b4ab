import js from '@eslint/js';
import { defineConfig } from 'eslint/config';
import tseslint from 'typescript-eslint';

/**
 * Imports go one way: cli, server, telemetry, live, io, eval → sdk → runtime → native binding.
 * Each folder of src lists the folders that stand beside or above it, which it must not import from.
 */
const NOT_IMPORTABLE = {
  wire: ['runtime', 'sdk', 'io', 'eval', 'live', 'server', 'telemetry', 'fleet', 'cli'],
  client: ['runtime', 'sdk', 'io', 'eval', 'live', 'server', 'telemetry', 'fleet', 'cli'],
  runtime: ['sdk', 'io', 'eval', 'live', 'server', 'telemetry', 'fleet', 'cli'],
  sdk: ['io', 'eval', 'live', 'server', 'telemetry', 'fleet', 'cli'],
  io: ['eval', 'live', 'server', 'telemetry', 'fleet', 'cli'],
  eval: ['live', 'server', 'telemetry', 'fleet', 'cli'],
  live: ['io', 'eval', 'server', 'telemetry', 'fleet', 'cli'],
  telemetry: ['io', 'eval', 'server', 'fleet', 'cli'],
  server: ['io', 'eval', 'telemetry', 'fleet', 'cli'],
  // Annotation is a live session and its server over the clips of a folder.
  annotate: ['eval', 'telemetry', 'fleet', 'cli'],
  // The fleet host reads what telemetry sends, and serves a page as the server does.
  fleet: ['io', 'eval', 'cli'],
};

/** What plain scripts may use without importing it. */
const NODE_GLOBALS = [
  'process',
  'console',
  'URL',
  'Buffer',
  'performance',
  'setTimeout',
  'clearTimeout',
  'setInterval',
  'clearInterval',
  'setImmediate',
  'fetch',
  'AbortController',
  'AbortSignal',
  'WebSocket',
];

/** Only these files may load what belongs to one engine. */
const NATIVE_LOADER = 'src/runtime/native.ts';
const NATIVE_ONLY = {
  group: ['pkg-prebuilds', '*.node'],
  message: `The native binding is loaded in ${NATIVE_LOADER} only.`,
};
const FALLBACK_ONLY = {
  group: ['onnxruntime-node', 'onnxruntime-common'],
  message: 'onnxruntime-node is used in src/runtime/fallback only.',
};

function direction(folder) {
  const above = NOT_IMPORTABLE[folder];
  return {
    group: above.map((name) => `**/../${name}/**`),
    message: `src/${folder} must not import from ${above.join(', ')} (cli, server, telemetry, live, io, eval → sdk → runtime).`,
  };
}
const restrict = (...patterns) => ({ 'no-restricted-imports': ['error', { patterns }] });

export default defineConfig(
  {
    ignores: [
      '.venv/',
      'dist',
      '.build',
      'build',
      'build-*',
      'prebuilds',
      '.tap',
      'node_modules',
      'out',
      'src/wire/generated',
    ],
  },
  js.configs.recommended,
  tseslint.configs.recommended,
  {
    rules: {
      eqeqeq: 'error',
      'no-console': 'error',
      '@typescript-eslint/no-unused-vars': [
        'error',
        { argsIgnorePattern: '^_', varsIgnorePattern: '^_', caughtErrorsIgnorePattern: '^_' },
      ],
    },
  },
  {
    files: ['**/*.js', '**/*.mjs', '**/*.cjs'],
    languageOptions: {
      globals: Object.fromEntries(NODE_GLOBALS.map((name) => [name, 'readonly'])),
    },
    rules: { 'no-console': 'off' },
  },
  {
    files: ['**/*.cjs'],
    languageOptions: {
      globals: { module: 'writable', require: 'readonly', __dirname: 'readonly' },
    },
    rules: { '@typescript-eslint/no-require-imports': 'off' },
  },
  { files: ['src/cli/**'], rules: restrict(NATIVE_ONLY, FALLBACK_ONLY) },
  ...Object.keys(NOT_IMPORTABLE).map((folder) => ({
    files: [`src/${folder}/**`],
    rules: restrict(direction(folder), NATIVE_ONLY, FALLBACK_ONLY),
  })),
  { files: [NATIVE_LOADER], rules: restrict(direction('runtime'), FALLBACK_ONLY) },
  { files: ['src/runtime/fallback/**'], rules: restrict(direction('runtime'), NATIVE_ONLY) },
  {
    // The façade of the package stands above io and live: it re-exports openSource and createSession.
    files: ['src/sdk/index.ts'],
    rules: restrict({
      group: ['eval', 'server', 'telemetry', 'fleet', 'cli', 'io/writers'].map(
        (f) => `**/../${f}/**`,
      ),
      message: 'src/sdk/index.ts re-exports the sdk, io/sources and live, nothing above.',
    }),
  },
);
