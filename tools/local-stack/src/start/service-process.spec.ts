import { readFile, rm } from 'node:fs/promises';
import path from 'node:path';
import { readLocalStackConfig } from '../local-stack.config.js';
import { freePort } from '../ports/free-port.js';
import { waitUntil } from '../process/wait-until.js';
import { makeTestFolder } from '../testing/test-folder.js';
import { ServiceProcess } from './service-process.js';

let logFolder: string;
let printed: string[];
let guarded: Set<number>;
beforeEach(async () => {
  logFolder = await makeTestFolder();
  printed = [];
  guarded = new Set();
});
afterEach(() => rm(logFolder, { recursive: true }));

function start(port: number): ServiceProcess {
  const { NODE_OPTIONS: _ofTheTestRunner, ...environment } = readLocalStackConfig().environment;
  return new ServiceProcess(
    { name: 'tiny', app: 'worker', port, environment: { ...environment, PORT: String(port) } },
    {
      entry: 'tools/local-stack/src/testing/fixtures/tiny-service.ts',
      logFolder,
      imports: [],
      print: (line) => printed.push(line),
      guard: (pid) => guarded.add(pid),
      unguard: (pid) => guarded.delete(pid),
    },
  );
}

test('is ready when it says so, warns on the console, and drains at its end', async () => {
  const service = start(await freePort());
  await service.ready();
  expect([...guarded]).toEqual([service.pid]);
  expect(await waitUntil(() => printed.includes('tiny warn: listening'), 5_000)).toBe(true);
  await service.stop();
  expect(guarded.size).toBe(0);
  const log = (): Promise<string> => readFile(path.join(logFolder, 'tiny.log'), 'utf8');
  expect(await waitUntil(async () => (await log()).includes('drained'), 5_000)).toBe(true);
  expect(printed).toEqual(['tiny warn: listening']);
}, 30_000);

test('one that dies is reported with its last words', async () => {
  const port = await freePort();
  const service = start(port);
  await service.ready();
  await (await fetch(`http://127.0.0.1:${port}/crash`)).text();
  expect(await waitUntil(() => printed.length === 2, 5_000)).toBe(true);
  expect(printed[1]).toBe(
    'tiny ended by itself with code 3. Its last lines:\n{"level":"warn","msg":"listening"}',
  );
}, 30_000);

test('one that cannot start says why', async () => {
  await expect(start(0).ready()).rejects.toThrow(/tiny ended while it started.*PORT is missing/s);
}, 30_000);
