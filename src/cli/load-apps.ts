import { dirname, resolve } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { builtinApps } from '../apps/index.js';
import { mistakesOf } from '../config/issues.js';
import { type Mistake } from '../config/mistake.js';
import { mistakeAt, type Source } from '../config/source.js';
import type { AppConfig } from '../config/config.js';
import type { LoadedApp } from '../controller/apps.js';
import { type AppModule, stages } from '../intent/index.js';
import { messageOf } from '../lib/errors.js';
import { nearMiss } from '../lib/near-miss.js';

export type Loaded =
  | { readonly ok: true; readonly apps: readonly LoadedApp[] }
  | { readonly ok: false; readonly mistakes: readonly Mistake[] };

/**
 * Finds the apps that a file names, built in or by a module's path (seen from the file's folder), and checks their options.
 * All mistakes are told, not the first alone.
 */
export async function loadApps(wanted: readonly AppConfig[], source: Source): Promise<Loaded> {
  const apps: LoadedApp[] = [];
  const mistakes: Mistake[] = [];
  const names = new Set<string>();
  for (const app of wanted) {
    const found = await findModule(app.name, source.file);
    if (typeof found === 'string') {
      const guess = isPath(app.name) ? undefined : nearMiss(app.name, builtinApps.keys());
      const hint = guess === undefined ? {} : { hint: `did you mean "${guess}"?` };
      mistakes.push(mistakeAt(source, { path: app.path, message: found, ...hint }));
      continue;
    }
    if (names.has(found.name)) {
      const message = `a second app that calls itself ${found.name}`;
      mistakes.push(mistakeAt(source, { path: app.path, message }));
      continue;
    }
    names.add(found.name);
    const checked = await checkOptions(found, app, source);
    if (checked.ok) apps.push({ module: found, options: checked.options });
    else mistakes.push(...checked.mistakes);
  }
  return mistakes.length === 0 ? { ok: true, apps } : { ok: false, mistakes };
}

/** A schema may hold checks of its author's own, which may throw. */
async function checkOptions(
  module: AppModule,
  { options, path }: AppConfig,
  source: Source,
): Promise<{ ok: true; options: unknown } | { ok: false; mistakes: readonly Mistake[] }> {
  try {
    const result = await module.options.safeParseAsync(options);
    if (result.success) return { ok: true, options: result.data };
    return { ok: false, mistakes: mistakesOf(result.error, path, source, module.options) };
  } catch (thrown) {
    const message = `the options of ${module.name} could not be checked: ${messageOf(thrown)}`;
    return { ok: false, mistakes: [mistakeAt(source, { path, message })] };
  }
}

const isPath = (name: string): boolean => /^(\.{1,2})?\//.test(name);

/** The app's module, or what is wrong with it. */
async function findModule(name: string, file: string): Promise<AppModule | string> {
  if (!isPath(name)) {
    const known = [...builtinApps.keys()].join(', ');
    return (
      builtinApps.get(name) ??
      `there is no app called ${name}: built in are ${known}; a module of your own is named by its path (./my-app.js)`
    );
  }
  const path = resolve(dirname(resolve(file)), name);
  let module: unknown;
  try {
    module = await import(pathToFileURL(path).href);
  } catch (thrown) {
    // Who imports is of interest where it is the app's own module, and not where it is this one.
    const from = ` imported from ${fileURLToPath(import.meta.url)}`;
    return `cannot load ${path}: ${messageOf(thrown).replace(from, '')}`;
  }
  const app: unknown =
    typeof module === 'object' && module !== null && 'default' in module ? module.default : undefined;
  const fault = faultOf(app);
  return fault === undefined ? (app as AppModule) : `${path} is not a controller app: ${fault}`;
}

/** The first thing that keeps a value from being an app. Whoever wrote it may not use TypeScript. */
function faultOf(app: unknown): string | undefined {
  if (typeof app !== 'object' || app === null) return 'its default export must be an object (see defineApp)';
  const { name, scope, options, tables, init, reconfigure, on, desired, ports, report } = app as Partial<
    Record<keyof AppModule, unknown>
  >;
  if (typeof name !== 'string' || !/^[A-Za-z0-9_.-]{1,64}$/.test(name)) return '`name` must be a short text';
  if (scope !== 'hypervisors' && scope !== 'others') return '`scope` must be "hypervisors" or "others"';
  if (typeof options !== 'object' || options === null || !('safeParseAsync' in options))
    return '`options` must be a zod schema';
  if (!Array.isArray(tables)) return '`tables` must be a list';
  const names = new Set<string>();
  for (const table of tables as unknown[]) {
    const { stage, name: tableName, miss } = (table ?? {}) as Record<string, unknown>;
    if (typeof tableName !== 'string') return 'each of `tables` must have a `name`';
    if (names.has(tableName)) return `two of \`tables\` are called ${tableName}`;
    names.add(tableName);
    if (typeof stage !== 'string' || !Object.hasOwn(stages, stage)) {
      return `table ${tableName}: \`stage\` must be one of ${Object.keys(stages).join(', ')}`;
    }
    if (miss !== 'next' && miss !== 'drop' && miss !== 'own')
      return `table ${tableName}: \`miss\` must be "next", "drop" or "own"`;
  }
  for (const [key, value] of Object.entries({ init, on, desired })) {
    if (typeof value !== 'function') return `\`${key}\` must be a function`;
  }
  for (const [key, value] of Object.entries({ reconfigure, ports, report })) {
    if (value !== undefined && typeof value !== 'function')
      return `\`${key}\` must be a function or left out`;
  }
  return undefined;
}
