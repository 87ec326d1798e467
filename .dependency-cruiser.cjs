// Who may import whom: the house in ARCHITECTURE.md, enforced.
// Tests and what only tests use may reach further.
const testCode = '(\\.test\\.ts$|/testing/|/conformance/)';
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
module.exports = {
  forbidden: [
    { name: 'no-cycles', severity: 'error', from: {}, to: { circular: true } },
    only('workers-ground-floor', 'workers/', []),
    only('domain-pure', 'src-main/domain/', [ground]),
    only('lab-shares-nothing', 'lab/', []),
    only('providers', 'src-main/providers/', [...floor, blocks]),
    only('store', 'src-main/store/', floor),
    only('identity', 'src-main/identity/', [...floor, 'src-main/store/', 'src-main/vault/']),
    only('vault', 'src-main/vault/', floor),
    only('replication', 'src-main/replication/', [
      ...floor,
      blocks,
      'src-main/providers/(source|target)\\.ts$',
      'src-main/store/',
      'src-main/vault/',
      'workers/pool\\.ts$',
    ]),
    {
      name: 'no-dev-in-app',
      severity: 'error',
      from: { path: '^(src-|workers)', pathNot: testCode },
      to: { dependencyTypes: ['npm-dev'] },
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
    enhancedResolveOptions: { extensions: ['.ts', '.mjs', '.js', '.json'] },
  },
};
