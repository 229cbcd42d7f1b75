#!/usr/bin/env node
// Bundles what package.json publishes (its program, and each of its entries) from the sources: each is one file, and
// what several of them need is in files that they share, so that a class is the same one for all. What npm installs beside
// it stays outside. Usage: scripts/bundle.mjs [FOLDER]; without one, dist/package.
import { rmSync } from 'node:fs';
import { resolve } from 'node:path';
import { build } from 'esbuild';

const root = resolve(import.meta.dirname ?? new URL('.', import.meta.url).pathname, '..');

const folder = resolve(process.argv[2] ?? resolve(root, 'dist/package'));

rmSync(folder, { recursive: true, force: true }); // shared files have new names when they change
await build({
  absWorkingDir: root,
  entryPoints: {
    main: 'src/main.ts',
    intent: 'src/intent/index.ts',
    openflow: 'src/openflow/index.ts',
    packet: 'src/packet/index.ts',
  },
  outdir: folder,
  chunkNames: 'shared-[hash]',
  bundle: true,
  splitting: true,
  packages: 'external',
  platform: 'node',
  format: 'esm',
  target: 'node20',
  sourcemap: true,
  logLevel: 'warning',
});
