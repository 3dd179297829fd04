import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import type { BatonClient } from '@baton/client';
import { pythonPackages, type PythonPackages } from '@baton/local-stack';
import { Fleet } from '../harness/fleet.js';
import { Documented, readExchanges, type OpenApi } from './documented.js';

// Schemathesis makes requests from each service's own /openapi.json, good and bad, and judges the answers by it.

/** Of one service, seconds; what it may do in that time is bounded besides. */
const runSeconds = 25;
const casesOfAnOperation = 15;
/** That the answers are as the document says. Not among them: that all that fits a schema is taken, for a schema cannot say what a cursor is. */
const checks = [
  'not_a_server_error',
  'status_code_conformance',
  'content_type_conformance',
  'response_schema_conformance',
  'response_headers_conformance',
  'negative_data_rejection',
  'missing_required_header',
  'use_after_free',
  'ensure_resource_availability',
];
/** It would disable the key with which all the rest is asked. */
const leftOut = ['KeysController_disable'];

let fleet: Fleet;
let apiKey: string;
let client: BatonClient;
let packages: PythonPackages;
let folder: string;

beforeAll(async () => {
  packages = await pythonPackages(['schemathesis==4.32.0'], { searchPath: process.env['PATH'] ?? '' });
  folder = await mkdtemp(join(tmpdir(), 'baton-openapi-'));
  fleet = await Fleet.start({
    kafka: false,
    redis: false,
    services: ['producer', 'result-gateway', 'relay', 'polling-worker'],
  });
  ({ apiKey, client } = await fleet.tenant());
}, 300_000);
afterAll(async () => {
  await fleet?.stop();
  await rm(folder, { recursive: true, force: true });
});

// Goes first: what is generated may pause or drain any queue, or put a limit on it.
it('names what a client with an ETag is answered, which no generator hits upon', async () => {
  const job = await client.enqueue('echo', 1);
  await client.wait(job, { timeoutMs: 20_000 });
  const key = { authorization: `Bearer ${apiKey}` };
  for (const [app, path] of [
    ['producer', `/v1/jobs/${job.id}`],
    ['result-gateway', `/v1/results/${job.id}`],
  ] as const) {
    const { url } = fleet.the(app);
    const etag = (await fetch(`${url}${path}`, { headers: key })).headers.get('etag')!;
    const { status } = await fetch(`${url}${path}`, { headers: { ...key, 'if-none-match': etag } });
    expect(status).toBe(304);
    const document = (await (await fetch(`${url}/openapi.json`)).json()) as OpenApi;
    expect(new Documented(document).names({ method: 'get', path, status })).toBe(true);
  }
});

it.each(['producer', 'result-gateway'] as const)('%s answers as its OpenAPI document says', async (app) => {
  const { url } = fleet.the(app);
  const report = join(folder, `${app}.har`);
  const { code, said } = await schemathesis(`${url}/openapi.json`, report);
  if (code !== 0) throw new Error(`schemathesis ended with ${code}:\n${said.slice(-20_000)}`);

  const exchanges = await readExchanges(report);
  const document = (await (await fetch(`${url}/openapi.json`)).json()) as OpenApi;
  const documented = new Documented(document);
  // Faults are documented by one shape for all; what succeeds must be named by its status.
  expect(exchanges.filter((exchange) => exchange.status < 400 && !documented.names(exchange))).toEqual([]);
  // The key was good to the end, so it was the routes that answered.
  expect(exchanges.length).toBeGreaterThan(100);
  const refused = exchanges.filter(({ status }) => status === 401).length;
  expect(refused / exchanges.length).toBeLessThan(0.2);
  const key = { authorization: `Bearer ${apiKey}` };
  expect(
    (await fetch(`${url}${app === 'producer' ? '/v1/queues' : '/v1/webhooks'}`, { headers: key })).status,
  ).toBe(200);
});

async function schemathesis(
  location: string,
  report: string,
): Promise<{ code: number | null; said: string }> {
  const bounds = [
    '-n',
    String(casesOfAnOperation),
    '--max-time',
    String(runSeconds),
    '--request-timeout',
    '30',
  ];
  const { python, env } = packages;
  const words = [
    ...['-m', 'schemathesis.cli', 'run', location, '-H', `Authorization: Bearer ${apiKey}`],
    ...['-c', checks.join(','), ...leftOut.flatMap((id) => ['--exclude-operation-id', id])],
    ...[...bounds, '--seed', '7', '--no-shrink', '--continue-on-failure', '--warnings', 'off'],
    ...['--report', 'har', '--report-har-path', report],
  ];
  const child = spawn(python, words, {
    cwd: folder,
    env: { PATH: process.env['PATH'], HOME: folder, NO_COLOR: '1', ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const [out, err, [code]] = await Promise.all([
    text(child.stdout),
    text(child.stderr),
    once(child, 'close'),
  ]);
  return { code: code as number | null, said: out + err };
}
