// Who may import whom: the house in ARCHITECTURE.md, enforced.
// Tests and what only tests use may reach further.
const testCode = '(\\.test\\.tsx?$|/testing/|/conformance/)';
const only = (name, from, allowed) => ({
  name,
  severity: 'error',
  comment: `${from} may import only: ${allowed.join(', ') || 'nothing of ours'}`,
  from: { path: `^${from}`, pathNot: testCode },
  to: { path: '^(src-|workers|lab|bench|e2e)', pathNot: [`^${from}`, ...allowed.map((a) => `^${a}`)] },
});
const ground = 'workers/(protocol|octopus-error)\\.ts$';
const floor = ['src-main/domain/', ground];
const blocks = 'workers/blocks/';
const durableFile = 'workers/blocks/durable-file\\.ts$';
module.exports = {
  forbidden: [
    { name: 'no-cycles', severity: 'error', from: {}, to: { circular: true } },
    only('workers-ground-floor', 'workers/', []),
    only('domain-pure', 'src-main/domain/', [ground]),
    only('lab-shares-nothing', 'lab/', []),
    only('providers', 'src-main/providers/', [...floor, blocks]),
    only('store', 'src-main/store/', [...floor, durableFile]),
    only('identity', 'src-main/identity/', [...floor, 'src-main/store/', 'src-main/vault/']),
    only('vault', 'src-main/vault/', [...floor, durableFile]),
    only('configuration', 'src-main/configuration/', [...floor, durableFile, 'src-main/store/', 'src-main/vault/']),
    only('audit', 'src-main/audit/', [...floor, 'src-main/store/']),
    only('settings', 'src-main/settings/', [...floor, 'src-main/store/']),
    only('scheduler', 'src-main/scheduler/', [...floor, 'src-main/store/']),
    only('replication', 'src-main/replication/', [
      ...floor,
      blocks,
      'src-main/providers/(source|target)\\.ts$',
      'src-main/store/',
      'src-main/vault/',
      'workers/pool\\.ts$',
    ]),
    // Zod, and the list of error codes, which imports nothing.
    only('contract', 'src-preload/contract/', ['workers/octopus-error\\.ts$']),
    // Services come in by their interfaces: those that import nothing themselves need not be hidden from it.
    only('api', 'src-main/api/', [
      ...floor,
      'src-preload/contract/',
      'src-main/(store|identity|settings|audit|scheduler|events|vault|estimation)/',
    ]),
    only('rest', 'src-main/rest/', [...floor, 'src-preload/contract/']),
    // The core's types and the log; main.ts puts it all together.
    only('desktop', 'src-main/desktop/', [
      ...floor,
      'src-preload/',
      'src-main/(api|identity|vault)/',
      'src-main/rest/request-log\\.ts$',
      'src-main/serve/open-core\\.ts$',
    ]),
    {
      name: 'electron-in-desktop',
      severity: 'error',
      comment: 'Without Electron the core must run too.',
      from: { pathNot: '^(src-main/(main\\.ts$|desktop/)|src-preload/index\\.ts$|e2e/)' },
      to: { path: 'node_modules/electron/' },
    },
    only('estimation', 'src-main/estimation/', [...floor, 'src-main/store/', 'src-main/scheduler/']),
    only('events', 'src-main/events/', [...floor, 'src-main/store/']),
    // The client knows the core by its contract alone; only its api/ reaches out, and ui/ knows no state.
    only('renderer', 'src-renderer/', ['src-preload/contract/', 'src-preload/bridge\\.ts$']),
    only('renderer-ui', 'src-renderer/ui/', ['src-renderer/texts/', 'src-renderer/api/client-error\\.ts$', 'src-preload/contract/']),
    only('renderer-texts', 'src-renderer/texts/', ['src-renderer/ui/', 'src-preload/contract/']),
    {
      name: 'renderer-transport',
      severity: 'error',
      comment: 'screens call the core through api/queries.tsx',
      from: { path: '^src-renderer/', pathNot: ['^src-renderer/api/', '^src-renderer/main\\.tsx$', testCode] },
      to: { path: '^src-renderer/api/(connect|rest-|ipc-|event-stream)' },
    },
    {
      name: 'no-dev-in-app',
      severity: 'error',
      from: { path: '^(src-|workers)', pathNot: testCode },
      // Electron is what it runs on: it brings itself.
      to: { dependencyTypes: ['npm-dev'], pathNot: 'node_modules/electron/' },
    },
    {
      name: 'providers-apart',
      severity: 'error',
      from: { path: '^src-main/providers/([^/]+)/', pathNot: testCode },
      to: { path: '^src-main/providers/([^/]+)/', pathNot: '^src-main/providers/$1/' },
    },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    exclude: { path: '(^|/)(dist|node_modules)/' },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    enhancedResolveOptions: { extensions: ['.ts', '.tsx', '.mjs', '.js', '.json'] },
  },
};
