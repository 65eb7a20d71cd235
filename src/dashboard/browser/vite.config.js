// Bundles the live page's script and style, with uPlot inside, into files that document.ts inlines. Nothing is fetched at run time.
export default {
  root: import.meta.dirname,
  logLevel: 'warn',
  build: {
    outDir: '../../../dist/src/dashboard/assets',
    emptyOutDir: true,
    copyPublicDir: false,
    target: 'es2022',
    lib: { entry: 'main.ts', formats: ['iife'], name: 'page', fileName: () => 'page.js', cssFileName: 'page' },
  },
};
