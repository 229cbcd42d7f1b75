#!/usr/bin/env node
// Bundles what package.json publishes (its program, and each of its entries) from the sources: each is one file, and
// what several of them need is in files that they share, so that a class is the same one for all. Packages from npm are in it,
// as far as they are used, with their licences beside it: Node would search and load some 200 files of theirs at each start.
// Usage: scripts/bundle.mjs [FOLDER]; without one, dist/package.
import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { build } from 'esbuild';

const root = resolve(import.meta.dirname ?? new URL('.', import.meta.url).pathname, '..');

const folder = resolve(process.argv[2] ?? resolve(root, 'dist/package'));

rmSync(folder, { recursive: true, force: true }); // shared files have new names when they change
const { metafile } = await build({
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
  platform: 'node',
  format: 'esm',
  target: 'node20',
  sourcemap: true,
  logLevel: 'warning',
  metafile: true,
  // Packages in CommonJS ask for modules of Node's own in their way.
  banner: {
    js: "import { createRequire as requireFor } from 'node:module';\nconst require = requireFor(import.meta.url);",
  },
});
writeFileSync(join(folder, 'LICENSES.txt'), licencesOf(packagesIn(Object.keys(metafile.inputs))));

/** The folders of the npm packages that these files are of. */
function packagesIn(files) {
  const found = files.map(file => /^(?:.*\/)?node_modules\/(?:@[^/]+\/)?[^/]+(?=\/)/.exec(file)?.[0]);
  return [...new Set(found.filter(path => path !== undefined))].sort();
}

/** @throws where a package has no licence to give along */
function licencesOf(packages) {
  const texts = packages.map(path => {
    const at = resolve(root, path);
    const { name, version, license } = JSON.parse(readFileSync(join(at, 'package.json'), 'utf8'));
    const file = readdirSync(at).find(one => /^licen[cs]e/i.test(one));
    if (file === undefined) throw new Error(`${name} has no licence file: it may not be bundled`);
    return `${name} ${version} (${license})\n\n${readFileSync(join(at, file), 'utf8').trim()}\n`;
  });
  return `What is bundled here of packages from npm, and on which terms.\n\n${texts.join(`\n${'-'.repeat(72)}\n\n`)}`;
}
