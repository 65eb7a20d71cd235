// Bundles what users load. A module of its own costs a thread some 50 KiB, and the sampler and the starting thread would load 180 of them.
// Names and lines stay as they are written, so that stack traces can be read; the maps lead back to the sources.
import { defineConfig } from 'rolldown';

const shared = {
  platform: 'node',
  // Everything from npm stays outside but for two that are loaded at every start, and by the sampler.
  external: (id) => !/^[./]/.test(id) && !/^(?:comlink|eventemitter3)\b/.test(id),
  resolve: { extensionAlias: { '.js': ['.ts', '.js'] } },
};
const readable = { sourcemap: true, minify: false, comments: { legal: true, annotation: false, jsdoc: false } };

export default defineConfig([
  {
    ...shared,
    input: {
      index: 'src/index.ts',
      testing: 'src/testing.ts',
      piscina: 'src/integrations/piscina.ts',
      prometheus: 'src/telemetry/prometheus.ts',
      opentelemetry: 'src/telemetry/opentelemetry.ts',
      dashboard: 'src/dashboard/index.ts',
    },
    output: {
      ...readable,
      // as deep as the modules under dist/src, so that they find workers and assets by the same relative paths
      dir: 'dist/package/esm',
      format: 'esm',
      entryFileNames: '[name].js',
      chunkFileNames: '[name].js',
    },
  },
  {
    ...shared,
    input: 'workers/sampler.ts',
    // CommonJS: a thread that imports nothing does not load the loader of modules
    output: { ...readable, file: 'dist/workers/sampler.cjs', format: 'cjs' },
  },
]);
