#!/usr/bin/env node
// Makes of some files of test/kernel one program that Node runs as it is, dist/kernel/tests.js: the guest has no compiler, is
// too slow for one, and takes seconds to load tap alone. Packages stay outside. Usage: scripts/kernel/bundle-tests.mjs FILE…
import { build } from 'esbuild';

await build({
  stdin: {
    contents: process.argv
      .slice(2)
      .map(file => `import './${file.replace(/^\.\//, '')}';`)
      .join('\n'),
    resolveDir: '.',
  },
  outfile: 'dist/kernel/tests.js',
  bundle: true,
  packages: 'external',
  platform: 'node',
  format: 'esm',
  target: 'node20',
  sourcemap: true,
  logLevel: 'warning',
});
