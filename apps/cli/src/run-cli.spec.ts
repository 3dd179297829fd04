import { readFile } from 'node:fs/promises';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { findConnection } from './connection/connection.config.js';
import { exitCodes } from './exit-codes.js';
import { runCli } from './run-cli.js';
import { TestTerminal } from './testing/test-terminal.js';

async function run(words: string[], options: ConstructorParameters<typeof TestTerminal>[0] = {}) {
  const terminal = new TestTerminal(options);
  return { code: await runCli(words, terminal), out: terminal.stdout, err: terminal.stderr };
}

it('tells how it is used', async () => {
  const help = await run(['--help']);
  expect(help).toMatchObject({ code: 0, err: '' });
  expect(help.out).toContain('webhooks');
  expect((await run(['webhooks', 'doctor', '--help'])).out).toContain('--effects');
});

it.each([
  [['nonsense'], "unknown command 'nonsense'"],
  [['webhooks', 'doctor'], "missing required argument 'url'"],
  [['webhooks', 'doctor', 'not a url'], '<url> must be a URL of http or https'],
  [
    ['advise', 'delivery', '--client', 'fridge'],
    '--client must be one of backend, browser, mobile, cli, got "fridge"',
  ],
  [['advise', 'delivery', '--rate', 'many'], '--rate must be a rate such as "12/s"'],
  [['advise', 'delivery', '--latency', 'soon'], '--latency must be a duration'],
  [['advise', 'polling'], 'give --queue, or both --job and --rate'],
  [
    ['advise', 'polling', '--queue', 'q'],
    '--url is not given, BATON_URL is not set, and no .baton/local.json',
  ],
])('%p is used wrongly: exit code 2, with what is allowed', async (words, message) => {
  const { code, err, out } = await run(words, { cwd: tmpdir() });
  expect(err).toContain(message);
  expect([code, out]).toEqual([exitCodes.usage, '']);
});

it('answers in JSON where it is asked to, errors too', async () => {
  const advised = await run(['advise', 'delivery', '--client', 'mobile', '--json']);
  expect(JSON.parse(advised.out)).toMatchObject({ channel: 'long-poll', need: { client: 'mobile' } });
  const { err } = await run(['--json', 'advise', 'polling']);
  expect(JSON.parse(err)).toMatchObject({ error: { code: 'usage' } });
  const text = await run(['advise', 'polling', '--job', '9m', '--rate', '1000/d']);
  expect(text.out).toMatch(/poll each 1 s +540 +540,000 +500 ms/);
});

it('finds Baton by option, environment and the local stack, in this order', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'baton-cli-'));
  await mkdir(join(folder, '.baton'));
  await mkdir(join(folder, 'deep', 'er'), { recursive: true });
  const local = { producer: 'http://127.0.0.1:1', gateway: 'http://127.0.0.1:2', apiKey: 'local' };
  await writeFile(join(folder, '.baton', 'local.json'), JSON.stringify(local));
  const cwd = join(folder, 'deep', 'er');
  const parts = ['url', 'gatewayUrl', 'apiKey'] as const;
  expect(findConnection({}, { env: {}, cwd }, parts)).toEqual({
    url: local.producer,
    gatewayUrl: local.gateway,
    apiKey: 'local',
  });
  const env = { BATON_URL: 'https://baton.example/', BATON_API_KEY: 'of-env' };
  expect(findConnection({ key: 'given' }, { env, cwd }, parts)).toEqual({
    url: 'https://baton.example',
    gatewayUrl: local.gateway,
    apiKey: 'given',
  });
  expect(() => findConnection({ gateway: 'localhost:3001' }, { env, cwd }, parts)).toThrow(
    '--gateway must be a URL',
  );
  await writeFile(join(folder, '.baton', 'local.json'), '{');
  expect(() => findConnection({}, { env: {}, cwd }, parts)).toThrow('cannot be read as JSON');
  await rm(folder, { recursive: true });
});

it('shows what the service refused: the field, the value, what is allowed; and that nobody answered', async () => {
  const problem = {
    code: 'invalid_request',
    title: 'The request is not valid',
    detail: 'the query is not valid',
    status: 400,
    retryable: false,
    trace_id: 'abc',
    errors: [{ path: 'queue', message: 'must match [a-z0-9], got "Ä"' }],
  };
  const server = createServer((_request, response) =>
    response.writeHead(400, { 'content-type': 'application/problem+json' }).end(JSON.stringify(problem)),
  ).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const words = ['advise', 'polling', '--queue', 'q', '--url', url, '--key', 'k'];
  const refused = await run(words);
  expect(refused.code).toBe(exitCodes.refused);
  expect(refused.err).toContain('queue: must match [a-z0-9], got "Ä"');
  expect(refused.err).toContain('invalid_request, HTTP 400, trace abc');
  server.close();
  await once(server, 'close');
  const silent = await run(words);
  expect(silent.code).toBe(exitCodes.unavailable);
  expect(silent.err).toContain('ECONNREFUSED');
});

it('has its exit codes documented', async () => {
  const page = await readFile(new URL('../../../docs/cli.md', import.meta.url), 'utf8');
  const documented = [...page.matchAll(/^\| `(\d+)` \|/gm)].map(([, code]) => Number(code));
  expect(documented).toEqual(Object.values(exitCodes));
});
