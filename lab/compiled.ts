/** Where this project's compiled programs are, whether the caller runs from the sources (tests) or from dist. */
import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { HeddleError } from '../src/lib/errors.js';

export function projectRoot(from = dirname(fileURLToPath(import.meta.url))): string {
  for (let folder = from; ; folder = dirname(folder)) {
    if (existsSync(join(folder, 'package.json'))) return folder;
    if (dirname(folder) === folder) throw new HeddleError('LAB_FAILED', `no package.json above ${from}`);
  }
}

/** The path of a file in dist, as `package/main.js`. @throws HeddleError LAB_FAILED when it has not been built */
export function compiled(file: string): string {
  const path = join(projectRoot(), 'dist', file);
  if (!existsSync(path)) throw new HeddleError('LAB_FAILED', `${path} is missing: npm run build makes it`);
  return path;
}
