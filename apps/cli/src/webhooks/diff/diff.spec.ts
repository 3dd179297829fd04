import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { runCli } from '../../run-cli.js';
import { TestTerminal } from '../../testing/test-terminal.js';

const secret = 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw';
const headers =
  '> Webhook-Id: msg_p5jXN8AQM9LWM0D4loKWxJek\n> webhook-timestamp: 1614265330\n> webhook-signature: v1,AAAA v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=\n';
let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'baton-diff-'));
  await writeFile(join(folder, 'headers'), headers);
});
afterAll(() => rm(folder, { recursive: true }));

async function diff(stdin: string, ...more: string[]): Promise<{ code: number; terminal: TestTerminal }> {
  const terminal = new TestTerminal({ stdin, env: { BATON_WEBHOOK_SECRET: secret } });
  const words = ['webhooks', 'diff', '--body', '-', '--headers', join(folder, 'headers'), ...more];
  return { code: await runCli(words, terminal), terminal };
}

it('says that all agree, and that it is old', async () => {
  const { code, terminal } = await diff('{"test": 2432232314}');
  expect(code).toBe(0);
  expect(terminal.stdout).toMatch(/^The signature matches.*\n {2}But it was signed \d+ s ago/);
});

it('names the part that differs and what to do', async () => {
  const { code, terminal } = await diff('{"test": 2432232314}\n');
  expect(code).toBe(1);
  expect(terminal.stdout).toBe(
    'The signature does not match: the body differs.\n' +
      '  the signature that came was made with the body without the newline at its end\n' +
      '    -> something added a newline (an editor, echo, a template): cut it off\n',
  );
});

it('says what the code of the receiver does otherwise', async () => {
  const { terminal } = await diff(
    '{"test": 2432232314}',
    '--computed',
    'v1,hnO3f9T8Ytu9HwrXslvumlUpqtNVqkhqw/enGzPCXe4=',
  );
  expect(terminal.stdout).toContain('no usual mistake explains it');
  expect(terminal.stdout).toContain(
    'expected for what you gave: v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=',
  );
});

it('asks for what is missing', async () => {
  const terminal = new TestTerminal({ stdin: '{}' });
  expect(await runCli(['webhooks', 'diff', '--body', '-'], terminal)).toBe(2);
  expect(terminal.stderr).toContain('BATON_WEBHOOK_SECRET');
  const short = new TestTerminal({ stdin: '{}' });
  await runCli(['webhooks', 'diff', '--body', '-', '--secret', 'whsec_abc'], short);
  expect(short.stderr).toContain('got 9 characters that begin with "whsec_"');
  const none = new TestTerminal({ stdin: '{}', env: { BATON_WEBHOOK_SECRET: secret } });
  expect(await runCli(['webhooks', 'diff', '--body', '-', '--header', 'webhook-id: a'], none)).toBe(2);
  expect(none.stderr).toContain('the header webhook-timestamp is missing; given: webhook-id');
});
