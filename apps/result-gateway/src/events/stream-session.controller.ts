import { BatonError } from '@baton/contracts';
import { Authenticator, Public } from '@baton/service';
import { Controller, Headers, HttpCode, Inject, Post, Req, Res } from '@nestjs/common';
import { ApiBearerAuth, ApiNoContentResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import type { FastifyReply, FastifyRequest } from 'fastify';

/** Of a browser's EventSource and WebSocket, which can send no header. */
export const streamCookie = 'baton_stream';

/** A job token as a cookie that scripts cannot read. */
@ApiTags('results')
@Controller('v1/stream-session')
export class StreamSessionController {
  constructor(@Inject(Authenticator) private readonly authenticator: Authenticator) {}

  @Post()
  @HttpCode(204)
  @Public() // It takes the token of any job, which no rule of a route says.
  @ApiBearerAuth()
  @ApiOperation({ summary: 'Keep a job token in an HttpOnly cookie, for EventSource and WebSocket' })
  @ApiNoContentResponse({ description: 'The cookie is set; it lasts as long as the token' })
  async open(
    @Headers('authorization') authorization: string | undefined,
    @Req() request: FastifyRequest,
    @Res() reply: FastifyReply,
  ): Promise<void> {
    const caller = await this.authenticator.authenticate(authorization, { anyJob: true });
    if (caller.kind !== 'job') {
      throw new BatonError(
        'unauthenticated',
        'a stream session takes a job token, not an API key: a browser must hold no key. POST /v1/jobs/:id/token gives one',
      );
    }
    const token = authorization!.trim().replace(/^Bearer +/i, '');
    const seconds = Math.max(1, Math.floor((caller.expiresAtMs - Date.now()) / 1_000));
    // A cookie for each job: the session of another must not take this one's place.
    const cookies = [`/v1/results/${caller.jobId}`, '/v1/stream'].map(
      (path) => `${streamCookie}=${token}; Path=${path}; Max-Age=${seconds}; HttpOnly; ${siteOf(request)}`,
    );
    return void reply.code(204).header('set-cookie', cookies).header('cache-control', 'no-store').send();
  }
}

/** A page of another site has its cookie sent only with `None`, which browsers take over https alone. */
function siteOf({ headers: { origin, host }, protocol }: FastifyRequest): string {
  const foreign = origin !== undefined && URL.parse(origin)?.host !== host;
  if (foreign) return 'SameSite=None; Secure';
  return protocol === 'https' ? 'SameSite=Strict; Secure' : 'SameSite=Strict';
}
