import { BatonError } from '@baton/contracts';
import { type JobLine, LineAcceptor, type LineEnd } from '@baton/persistence';
import { jobsAccepted, startProduceSpan, type ProduceSpan } from '@baton/tracing';
import { Inject, Injectable } from '@nestjs/common';
import type { Context } from '@opentelemetry/api';
import { uuidv7 } from 'uuidv7';
import { QueueDoor } from '../../queues/door.js';
import { type SealedPayload, UploadSealer } from '../../uploads/upload-sealer.js';
import { delayOf, newJob, parentsOf, spanError } from '../job-intake.js';
import type { ParsedLine } from './parse-line.js';

/** Turns validated lines into accepted jobs, each with a trace of its own. */
@Injectable()
export class LineIntake {
  constructor(
    @Inject(QueueDoor) private readonly door: QueueDoor,
    @Inject(LineAcceptor) private readonly acceptor: LineAcceptor,
    @Inject(UploadSealer) private readonly uploads: UploadSealer,
  ) {}

  /**
   * @returns an answer a line, in their order
   * @throws BatonError `unavailable`
   */
  async accept(
    { tenantId, context }: { tenantId: string; context: Context },
    lines: readonly ParsedLine[],
  ): Promise<LineEnd[]> {
    const turnedAway = await this.turnedAway(tenantId, lines);
    const sealed = await this.sealAll(tenantId, lines, turnedAway);
    const spans = new Map<JobLine, ProduceSpan>();
    const all = lines.map(({ input, payload, key }, i): JobLine | LineEnd => {
      const end = turnedAway.get(i);
      if (end) return end;
      const id = uuidv7();
      const { queue } = input;
      const trace = { delayMs: delayOf(input), fanOut: Infinity, parent: context };
      const span = startProduceSpan({ jobId: id, tenant: tenantId, queue, ...trace });
      const made = newJob(input, { id, payload, span });
      const job = { ...made, dependsOn: parentsOf(input, undefined), ...sealed.get(i) };
      const line: JobLine = { job, key };
      spans.set(line, span);
      return line;
    });
    const known = all.filter((line): line is JobLine => 'job' in line);
    const ends = await this.acceptor.accept({ tenantId, lines: known });
    known.forEach((line, i) => this.tell(line, ends[i]!, spans.get(line)!));
    let next = 0;
    return all.map((line) => ('job' in line ? ends[next++]! : line));
  }

  /** The payloads that name uploads, as they are kept; a line whose upload cannot be sealed is turned away with the rest. */
  private async sealAll(
    tenantId: string,
    lines: readonly ParsedLine[],
    turnedAway: Map<number, LineEnd>,
  ): Promise<Map<number, SealedPayload>> {
    const all = new Map<number, SealedPayload>();
    for (const [i, { input, payload }] of lines.entries()) {
      if (turnedAway.has(i)) continue;
      try {
        const sealing = this.uploads.seal({ tenantId, queue: input.queue, payload, path: 'payload' });
        const sealed = sealing && (await sealing);
        if (sealed) all.set(i, sealed);
      } catch (error) {
        if (!BatonError.is(error) || error.code === 'unavailable') throw error;
        turnedAway.set(i, { refused: error });
      }
    }
    return all;
  }

  /** A repeated line makes no job, so the span begun for it is never ended and thus never told. */
  private tell({ job }: JobLine, end: LineEnd, span: ProduceSpan): void {
    if ('refused' in end) span.end({ error: spanError(end.refused) });
    else if (!end.repeated) {
      span.end();
      jobsAccepted.labels(job.queue).inc();
    }
  }

  /** Which lines their queues do not take, and why, or what their key made before; a queue that is not there is asked for once. */
  private async turnedAway(tenantId: string, lines: readonly ParsedLine[]): Promise<Map<number, LineEnd>> {
    const refused = new Map<number, BatonError>();
    const unknown = new Map<string, BatonError>();
    for (const [i, { input }] of lines.entries()) {
      const known = unknown.get(input.queue);
      if (known) refused.set(i, known);
      else
        try {
          await this.door.enter([input], () => 'payload');
        } catch (error) {
          if (!BatonError.is(error) || error.code === 'unavailable') throw error;
          refused.set(i, error);
          if (error.code === 'unknown_queue') unknown.set(input.queue, error);
        }
    }
    // One that was let in when there was room may be sent again.
    const away = [...refused].map(([i, refusal]) => ({ i, refusal, key: lines[i]!.key }));
    const repeats = away.length === 0 ? [] : await this.acceptor.repeats({ tenantId, lines: away });
    return new Map(away.map(({ i, refusal }, n) => [i, repeats[n] ?? { refused: refusal }]));
  }
}
