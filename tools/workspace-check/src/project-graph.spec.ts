import { glob, mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { importTable } from './import-table.js';
import { readJson, runNx, workspaceRoot } from './workspace.js';

interface Graph {
  nodes: Record<string, { data: { root: string } }>;
  dependencies: Record<string, { target: string }[]>;
}

interface Manifest {
  dependencies?: Record<string, string>;
  devDependencies?: Record<string, string>;
}

const scope = '@baton/';
/** The package in a statement that imports or exports from it, and in a dynamic import. */
const importedName = /(?:^(?:import|export|\}) [^'\n]*|\bimport\()'(@baton\/[\w-]+)/gm;
const withoutScope = (name: string) => name.slice(scope.length);

async function readGraph(): Promise<Graph> {
  const folder = await mkdtemp(join(tmpdir(), 'baton-graph-'));
  try {
    await runNx('graph', `--file=${join(folder, 'graph.json')}`);
    return (JSON.parse(await readFile(join(folder, 'graph.json'), 'utf8')) as { graph: Graph }).graph;
  } finally {
    await rm(folder, { recursive: true });
  }
}

const graph = await readGraph();
const projects = Object.entries(graph.nodes).map(([name, node]) => ({ name, root: node.data.root }));

test('every project has its line in the table', () => {
  expect(projects.map(({ name }) => withoutScope(name)).sort()).toEqual(Object.keys(importTable).sort());
});

describe.each(projects)('$name', ({ name, root }) => {
  test('depends on nothing that the table does not allow it, but for the servers of its tests', async () => {
    const { devDependencies } = await readJson<Manifest>(`${root}/package.json`);
    const allowed = [
      ...(importTable[withoutScope(name)] ?? []),
      ...Object.keys(devDependencies ?? {}).map(withoutScope),
    ];
    const targets = (graph.dependencies[name] ?? []).map(({ target }) => target);
    const own = targets.filter((target) => target.startsWith(scope)).map(withoutScope);
    expect(own.filter((target) => !allowed.includes(target))).toEqual([]);
    expect(Object.keys(devDependencies ?? {}).filter((other) => other !== '@baton/local-stack')).toEqual([]);
  });

  test('declares in its package.json what it imports from the workspace', async () => {
    const { dependencies, devDependencies } = await readJson<Manifest>(`${root}/package.json`);
    const declared = { ...dependencies, ...devDependencies, [name]: '*' };
    const undeclared = new Set<string>();
    for await (const file of glob(`${root}/src/**/*.ts`, { cwd: workspaceRoot })) {
      const source = await readFile(join(workspaceRoot, file), 'utf8');
      for (const [, imported = ''] of source.matchAll(importedName)) {
        if (!(imported in declared)) undeclared.add(`${imported} in ${file}`);
      }
    }
    expect([...undeclared]).toEqual([]);
  });
});
