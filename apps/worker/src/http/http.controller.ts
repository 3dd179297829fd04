import { Controller, Inject } from '@nestjs/common';
import { fatal, JobHandler, retryAt, type FileResult, type JobContext } from '@baton/worker-kit';
import { z } from 'zod';
import { HttpCalls } from './http-calls.js';
import { judgeAnswer } from './judge-answer.js';

const payload = z.strictObject({
  url: z.string().max(2_048),
  method: z.enum(['GET', 'POST', 'PUT', 'PATCH', 'DELETE']).default('POST'),
  /** JSON, sent as such. */
  body: z.unknown().optional(),
});

/** Calls a URL for the user: a worker in any language, reached by HTTP. The answer is the result. */
@Controller()
export class HttpController {
  constructor(@Inject(HttpCalls) private readonly calls: HttpCalls) {}

  @JobHandler('http', { payload })
  async call(
    { url, method, body }: z.output<typeof payload>,
    context: JobContext,
  ): Promise<{ status: number; body: unknown } | FileResult> {
    const answer = await this.calls.send({ url, method, body }, context);
    const verdict = judgeAnswer(answer, Date.now());
    switch (verdict.kind) {
      case 'done':
        break;
      case 'again':
        throw verdict.afterMs === undefined ? verdict.error : retryAt(verdict.afterMs, verdict.error);
      case 'never':
        throw fatal(verdict.error);
    }
    const { status, mediaType, bytes } = answer;
    if (bytes.length === 0) return { status, body: null };
    if (/^application\/([\w.+-]+\+)?json\b/i.test(mediaType)) return { status, body: jsonOf(bytes) };
    if (/^text\//i.test(mediaType)) return { status, body: bytes.toString() };
    return context.file(bytes, { mediaType, name: 'answer' });
  }
}

function jsonOf(bytes: Buffer): unknown {
  try {
    return JSON.parse(bytes.toString());
  } catch (error) {
    throw fatal(new Error(`the receiver said application/json and sent none: ${(error as Error).message}`));
  }
}
