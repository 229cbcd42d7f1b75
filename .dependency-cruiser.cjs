// The direction of imports (ARCHITECTURE.md). Each folder under src may import itself and what stands below it:
//   lib <- {openflow, ovsdb, packet, config} <- intent <- {qos <- apps, reconcile} <- {controller, import} <- {io, http} <- cli <- main
// `node scripts/check-imports.mjs` runs these rules, and fails when it finds no module to judge.

const wire = ['openflow', 'ovsdb', 'packet', 'config'];
const below = {
  lib: [],
  openflow: ['lib'],
  ovsdb: ['lib'],
  packet: ['lib'],
  config: ['lib'],
  intent: ['lib', ...wire],
  apps: ['lib', ...wire, 'intent', 'qos'],
  qos: ['lib', ...wire, 'intent'],
  reconcile: ['lib', ...wire, 'intent'],
  import: ['lib', ...wire, 'intent', 'reconcile'],
  controller: ['lib', ...wire, 'intent', 'qos', 'reconcile'],
  io: ['lib', ...wire, 'intent', 'controller'],
  http: ['lib', ...wire, 'intent', 'controller'],
  cli: ['lib', ...wire, 'intent', 'apps', 'qos', 'reconcile', 'import', 'controller', 'io', 'http'],
};

const directions = Object.entries(below).map(([folder, allowed]) => ({
  name: `${folder}-imports-only-what-is-below`,
  severity: 'error',
  from: { path: `^src/${folder}/` },
  to: { path: '^src/', pathNot: `^src/(${[folder, ...allowed].join('|')})/` },
}));

module.exports = {
  forbidden: [
    { name: 'no-cycles', severity: 'error', from: {}, to: { circular: true } },
    { name: 'no-unresolvable', severity: 'error', from: {}, to: { couldNotResolve: true } },
    ...directions,
    {
      name: 'every-folder-has-a-rule',
      severity: 'error',
      from: { path: '^src/', pathNot: `^src/((${Object.keys(below).join('|')})/|main\\.ts$)` },
      to: { path: '.' },
    },
    {
      name: 'apps-do-not-import-each-other',
      severity: 'error',
      from: { path: '^src/apps/([^/]+)/' },
      to: { path: '^src/apps/', pathNot: '^src/apps/$1/' },
    },
    {
      name: 'sockets-and-files-only-in-io',
      severity: 'error',
      from: { path: '^src/', pathNot: '^src/io/' },
      to: {
        dependencyTypes: ['core'],
        path: '^(node:)?(net|tls|dgram|http|https|http2|fs|fs/promises|child_process|dns|cluster|worker_threads)$',
      },
    },
    {
      name: 'no-node-modules-below-controller',
      severity: 'error',
      from: { path: '^src/(lib|openflow|ovsdb|packet|config|intent|apps|qos|reconcile|import)/' },
      to: { dependencyTypes: ['core'] },
    },
    {
      name: 'the-project-does-not-import-its-tests',
      severity: 'error',
      from: { path: '^src/' },
      to: { path: '^(test|lab|bench|examples)/' },
    },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['import', 'node', 'types', 'default'],
    },
  },
};
