import { runCli } from '../../run-cli.js';
import { type Fault, Receiver, testSecret } from '../../testing/receiver.js';
import { TestTerminal } from '../../testing/test-terminal.js';
import type { DoctorReport } from './examine.js';

async function examine(
  fault: Fault | undefined,
  ...more: string[]
): Promise<{ code: number; report: DoctorReport }> {
  const receiver = await new Receiver(fault).start();
  try {
    const terminal = new TestTerminal({ env: { BATON_WEBHOOK_SECRET: testSecret } });
    const words = [
      'webhooks',
      'doctor',
      receiver.url(),
      '--effects',
      receiver.url('/effects'),
      '--json',
      ...more,
    ];
    const code = await runCli(words, terminal);
    if (terminal.stderr !== '') throw new Error(terminal.stderr);
    return { code, report: JSON.parse(terminal.stdout) as DoctorReport };
  } finally {
    await receiver.close();
  }
}

const failed = ({ findings }: DoctorReport): string[] =>
  findings.filter(({ verdict }) => verdict === 'fail').map(({ check }) => check);

it('finds nothing to mend in a good receiver', async () => {
  const { code, report } = await examine(undefined);
  expect(failed(report)).toEqual([]);
  expect(report).toMatchObject({ grade: 'A' });
  expect(report.findings.every(({ verdict }) => verdict === 'pass')).toBe(true);
  expect(code).toBe(0);
});

it.each<[Fault, string, string[]]>([
  [
    'believes-all',
    'F',
    [
      'unsigned',
      'no signature',
      'wrong secret',
      'signature of another kind',
      'tampered body',
      'tampered id',
      'tampered timestamp',
      'stale',
      'ahead of time',
    ],
  ],
  [
    'ignores-body',
    'F',
    ['wrong secret', 'tampered body', 'tampered id', 'tampered timestamp', 'signatures of other kinds'],
  ],
  ['no-clock', 'E', ['stale', 'ahead of time']],
  ['first-signature-only', 'D', ['rotated secret', 'signatures of other kinds']],
  ['parses-first', 'D', ['exact bytes']],
  ['small-bodies', 'D', ['large']],
  ['does-twice', 'D', ['duplicate', 'duplicates at once']],
  ['refuses-repetitions', 'D', ['duplicate']],
  ['remembers-before-verifying', 'D', ['broken, then whole']],
  ['refuses-unknown-types', 'C', ['unknown type']],
  ['refuses-all', 'F', ['genuine']],
  ['redirects', 'F', ['genuine']],
])('grades a receiver that %s with %s', async (fault, grade, checks) => {
  const { code, report } = await examine(fault);
  expect(report.grade).toBe(grade);
  expect(failed(report)).toEqual(expect.arrayContaining(checks));
  expect(
    report.findings.filter(({ verdict }) => verdict === 'fail').every(({ advice }) => advice !== undefined),
  ).toBe(true);
  expect(code).toBe(1);
});

it('takes a 5xx to a forgery for a rough edge, and a late answer for a failed delivery', async () => {
  const rough = await examine('throws-on-bad');
  expect(rough.report.grade).toBe('B');
  expect(rough.code).toBe(0);
  expect((await examine('throws-on-bad', '--least', 'A')).code).toBe(1);
  const late = await examine('slow', '--timeout', '200ms');
  expect(late.report.grade).toBe('F');
  expect(late.report.findings[0]).toMatchObject({
    check: 'genuine',
    saw: expect.stringContaining('no answer within 0.2 s'),
  });
});

it('says in words what it saw and what to do, and plays forgeries alone without a secret', async () => {
  const receiver = await new Receiver('no-clock').start();
  const known = new TestTerminal({ env: { BATON_WEBHOOK_SECRET: testSecret } });
  await runCli(['webhooks', 'doctor', receiver.url()], known);
  expect(known.stdout).toMatch(/FAIL {2}stale .*answered 204\n {6}\(E\) refuse a webhook-timestamp/);
  expect(known.stdout).toMatch(
    /\? {5}duplicate .*\n {6}all were taken; whether it was done once cannot be seen/,
  );
  expect(known.stdout).toContain('Grade E');
  const stranger = new TestTerminal();
  expect(await runCli(['webhooks', 'doctor', receiver.url()], stranger)).toBe(0);
  expect(stranger.stdout).toContain('believes no stranger');
  await receiver.close();
  const credulous = await new Receiver('believes-all').start();
  const found = new TestTerminal();
  expect(await runCli(['webhooks', 'doctor', credulous.url()], found)).toBe(1);
  expect(found.stdout).toContain('Grade F');
  await credulous.close();
});

it('ends at once when it is interrupted', async () => {
  const receiver = await new Receiver('slow').start();
  const terminal = new TestTerminal({ env: { BATON_WEBHOOK_SECRET: testSecret } });
  const running = runCli(['webhooks', 'doctor', receiver.url()], terminal);
  terminal.interrupt();
  expect(await running).toBe(130);
  await receiver.close();
});
