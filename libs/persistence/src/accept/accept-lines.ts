import { BatonError } from '@baton/contracts';
import { dropLineKeys, type LineKey, renewLineKeys, takeLineKeys } from '../sql/line-keys.sql.js';
import { readIdempotency } from '../sql/read-idempotency.sql.js';
import type { Queryable } from '../sql/statement.js';
import type { Transaction } from '../transaction/transaction.js';
import { acceptGroup, type GroupResult } from './accept-group.js';
import type { AcceptRequest, NewJob } from './new-job.js';

/** One job of a stream. */
export interface JobLine {
  job: NewJob;
  /** Makes the line one with every other of its key: a stream that broke is sent again. */
  key?: { key: string; bodyHash: Buffer } | undefined;
}

/** `repeated`: an earlier line with its key made the job. `busy`: a lane is locked elsewhere, the line comes again. */
export type LineAnswer = { id: string; repeated: boolean } | { refused: BatonError } | { busy: true };

export interface LinesResult extends Omit<GroupResult, 'answers'> {
  answers: Map<JobLine, LineAnswer>;
  /** Of a line, as its request was named in a refusal of the whole group. */
  requests: Map<AcceptRequest, JobLine>;
}

const route = 'line of POST /v1/jobs/batch';

/**
 * The statements that accept lines of one stream: their keys, in one order, and then what accepts any group. Each line is
 * accepted or refused by itself.
 * @throws UnknownQueues
 */
export async function acceptLines(
  tx: Transaction,
  { tenantId, lines }: { tenantId: string; lines: readonly JobLine[] },
  { wait }: { wait: boolean },
): Promise<LinesResult> {
  const scope = { tenantId, route };
  const answers = new Map<JobLine, LineAnswer>();
  const first = firstOfEachKey(lines);
  await answerRepeated(tx, scope, [...first.values()], answers);
  const entering = lines.filter(
    (line) => !answers.has(line) && (!line.key || first.get(line.key.key) === line),
  );
  const requests = new Map(
    entering.map((line): [AcceptRequest, JobLine] => [{ tenantId, jobs: [line.job] }, line]),
  );
  const result = await acceptGroup(tx, [...requests.keys()], { wait });
  for (const [request, line] of requests) answers.set(line, answerOf(result, request, line));
  const left = entering.flatMap((line) =>
    line.key && !isOwn(answers.get(line)!, line) ? [line.key.key] : [],
  );
  await dropLineKeys(tx, scope, left);
  answerTwins(lines, first, answers);
  return { ...result, answers, requests };
}

/** Of lines whose key was used before: what it made, or how they differ. */
export async function readLineKeys<L extends Pick<JobLine, 'key'>>(
  db: Queryable,
  tenantId: string,
  lines: readonly L[],
): Promise<Map<L, { id: string; repeated: boolean } | { refused: BatonError }>> {
  const keyed = lines.filter(({ key }) => key !== undefined);
  if (keyed.length === 0) return new Map();
  const scope = { tenantId, route };
  const rows = await readIdempotency(
    db,
    keyed.map(({ key }) => ({ ...scope, key: key!.key })),
  );
  const kept = new Map(rows.map((row) => [row.key, row]));
  return new Map(
    keyed.flatMap((line) => {
      const row = kept.get(line.key!.key);
      return row ? [[line, repeatOf(line, row)] as const] : [];
    }),
  );
}

function isOwn(answer: LineAnswer, { job }: JobLine): boolean {
  return 'id' in answer && answer.id === job.id;
}

function firstOfEachKey(lines: readonly JobLine[]): Map<string, JobLine> {
  const first = new Map<string, JobLine>();
  for (const line of lines) if (line.key && !first.has(line.key.key)) first.set(line.key.key, line);
  return first;
}

/** Takes the lines' keys; those whose key was used are answered by what it made. */
async function answerRepeated(
  tx: Transaction,
  scope: { tenantId: string; route: string },
  keyed: readonly JobLine[],
  answers: Map<JobLine, LineAnswer>,
): Promise<void> {
  const rowOf = ({ job, key }: JobLine): LineKey => ({ ...key!, jobId: job.id });
  const taken = await takeLineKeys(tx, scope, keyed.map(rowOf));
  const used = keyed.filter(({ key }) => !taken.has(key!.key));
  if (used.length === 0) return;
  const rows = await readIdempotency(
    tx,
    used.map(({ key }) => ({ ...scope, key: key!.key })),
  );
  const kept = new Map(rows.map((row) => [row.key, row]));
  for (const line of used) {
    const row = kept.get(line.key!.key);
    if (row) answers.set(line, repeatOf(line, row));
  }
  const old = used.filter((line) => !answers.has(line));
  const renewed = await renewLineKeys(tx, scope, old.map(rowOf));
  // It was renewed by another this very moment.
  for (const line of old) if (!renewed.has(line.key!.key)) answers.set(line, { busy: true });
}

function repeatOf(
  { key }: Pick<JobLine, 'key'>,
  made: { bodyHash: Buffer; jobIds: string[] },
): Exclude<LineAnswer, { busy: true }> {
  const id = made.jobIds[0];
  if (id !== undefined && made.bodyHash.equals(key!.bodyHash)) return { id, repeated: true };
  const how = 'send the first line again, or use another key';
  return {
    refused: new BatonError(
      'idempotency_mismatch',
      `the key "${key!.key}" was used with another line; ${how}`,
    ),
  };
}

function answerOf({ answers }: GroupResult, request: AcceptRequest, { job }: JobLine): LineAnswer {
  const answer = answers.get(request);
  if (!answer) throw new TypeError('a group left a line without an answer');
  if ('accepted' in answer) {
    // A unique job may be there already, and stand for the line's own.
    const id = answer.accepted.jobs[0]?.id ?? job.id;
    return { id, repeated: id !== job.id };
  }
  return answer;
}

/** Lines whose key another one before them in these lines has: what that one made is theirs. */
function answerTwins(
  lines: readonly JobLine[],
  first: ReadonlyMap<string, JobLine>,
  answers: Map<JobLine, LineAnswer>,
): void {
  for (const line of lines) {
    const twin = line.key && first.get(line.key.key);
    if (!twin || twin === line || !line.key || !twin.key) continue;
    const answer = answers.get(twin)!;
    answers.set(
      line,
      'id' in answer ? repeatOf(line, { bodyHash: twin.key.bodyHash, jobIds: [answer.id] }) : answer,
    );
  }
}
