#!/usr/bin/env node
// Checks the direction of imports below ROOT/src (default: this project) by the rules in .dependency-cruiser.cjs.
// Exit code 0: all well; 1: a rule is broken, or no module was seen at all, which would prove nothing.
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { resolve } from 'node:path';
import { cruise } from 'dependency-cruiser';
import extractTSConfig from 'dependency-cruiser/config-utl/extract-ts-config';

const home = resolve(import.meta.dirname ?? new URL('.', import.meta.url).pathname, '..');
const root = resolve(process.argv[2] ?? home);
const rules = createRequire(import.meta.url)(resolve(home, '.dependency-cruiser.cjs'));

const tsConfig = resolve(home, 'tsconfig.json');

process.chdir(root);
if (!existsSync('src')) {
  console.error(`check-imports: ${root} has no src folder: nothing was checked`);
  process.exit(1);
}
const result = await cruise(
  ['src'],
  {
    ...rules.options,
    tsConfig: { fileName: tsConfig },
    baseDir: root,
    ruleSet: { forbidden: rules.forbidden },
    validate: true,
  },
  undefined,
  { tsConfig: extractTSConfig(tsConfig) },
);
const { totalCruised, violations } = result.output.summary;
const ours = result.output.modules.filter(module => module.source.startsWith('src/')).length;

for (const { rule, from, to } of violations) console.error(`${rule.name}: ${from} -> ${to}`);
if (ours === 0) {
  console.error('check-imports: no module was seen under src: nothing was checked');
  process.exit(1);
}
console.log(
  `check-imports: ${ours} modules, ${totalCruised} with what they import, ${violations.length} violations`,
);
process.exit(violations.length === 0 ? 0 : 1);
