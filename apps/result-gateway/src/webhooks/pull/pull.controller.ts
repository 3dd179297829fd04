import { BatonError, pulledUrl } from '@baton/contracts';
import {
  type ClaimedDelivery,
  Database,
  type EndpointRow,
  giveDeliveriesBack,
  readEndpoint,
  readTaken,
  retrying,
  takeDeliveries,
} from '@baton/persistence';
import { preferredWait } from '@baton/results';
import { type Caller, holderOf, Principal, Scopes } from '@baton/service';
import { Body, Controller, Headers, HttpCode, Inject, Param, Post, Res } from '@nestjs/common';
import { ApiHeader, ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import type { FastifyReply } from 'fastify';
import { z } from 'zod';
import { Deliverer } from '../delivery/deliverer.js';
import { signDelivery } from '../delivery/sign-delivery.js';
import { KeyRing } from '../endpoint-keys.js';
import { endpointNameSchema } from '../webhook.schema.js';
import { noEndpoint, refuseDisabled } from '../webhooks.controller.js';
import { HeldTakes } from './held-takes.js';
import { answeredSchema, answerSchema, takenSchema, takeSchema } from './pull.schema.js';
import { takenOutcome } from './taken-outcome.js';

/**
 * Deliveries that a client takes by itself, since nobody can call it: a developer's machine, behind NAT. They are signed,
 * tried and kept in the history like any other; who took one says within its lease what its receiver answered.
 */
@ApiTags('webhooks')
@Controller('v1/webhooks/:name')
@Scopes('webhooks:admin')
export class PullController {
  constructor(
    @Inject(Database) private readonly database: Database,
    @Inject(KeyRing) private readonly keys: KeyRing,
    @Inject(HeldTakes) private readonly takes: HeldTakes,
    @Inject(Deliverer) private readonly deliverer: Deliverer,
  ) {}

  @Post('take')
  @HttpCode(200)
  @ApiOperation({
    summary: `Take deliveries that are due, of an endpoint whose url is "${pulledUrl}"; held for some where \`Prefer: wait=N\` asks so`,
  })
  @ApiHeader({ name: 'Prefer', required: false, description: 'wait=N: hold the request up to N ≤ 60 s' })
  @ApiOkResponse({ standardSchema: takenSchema })
  async take(
    @Param('name', { schema: endpointNameSchema }) name: string,
    @Body({ schema: takeSchema }) { limit }: z.output<typeof takeSchema>,
    @Headers('prefer') prefer: string | undefined,
    @Principal() caller: Caller,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<z.output<typeof takenSchema>> {
    const { id: endpointId } = await this.pulled(caller, name);
    const { ms } = preferredWait(prefer, Math.random());
    const gone = new AbortController();
    const onClose = (): void => gone.abort();
    reply.raw.once('close', onClose);
    try {
      const taken = await this.takes.until(
        () => retrying(() => takeDeliveries(this.database.pool, { endpointId, limit })),
        { holder: holderOf(caller), ms, signal: gone.signal },
      );
      if (gone.signal.aborted) {
        await retrying(() => giveDeliveriesBack(this.database.pool, taken));
        return { items: [] };
      }
      // Deleted while it was held: whoever waits should know.
      if (taken.length === 0 && ms > 0) await this.pulled(caller, name);
      return { items: taken.map((delivery) => this.show(delivery)) };
    } finally {
      reply.raw.off('close', onClose);
    }
  }

  @Post('taken/:id')
  @HttpCode(200)
  @ApiOperation({ summary: 'Say what the receiver answered to a delivery that you took' })
  @ApiOkResponse({ standardSchema: answeredSchema })
  async answer(
    @Param('name', { schema: endpointNameSchema }) name: string,
    @Param('id', { schema: z.uuid() }) id: string,
    @Body({ schema: answerSchema }) answer: z.output<typeof answerSchema>,
    @Principal() caller: Caller,
  ): Promise<z.output<typeof answeredSchema>> {
    const { id: endpointId } = await this.pulled(caller, name);
    const delivery = await retrying(() =>
      readTaken(this.database.pool, { id, claim: answer.claim, endpointId }),
    );
    if (!delivery)
      throw new BatonError(
        'state_conflict',
        `the delivery ${id} is not yours any more: its time was over and it is taken again, or it has ended`,
      );
    const outcome = takenOutcome(delivery, answer, this.keys);
    await this.deliverer.record(outcome);
    const { state, delayMs } = outcome.tried;
    return { outcome: outcome.tried.outcome, state, ...(state === 'pending' && { nextInMs: delayMs }) };
  }

  private show(delivery: ClaimedDelivery): z.output<typeof takenSchema>['items'][number] {
    const { id, claim, webhookId, type, attempts, traceparent, tracestate } = delivery;
    const { headers, body } = signDelivery(delivery, this.keys);
    const trace = {
      ...(traceparent !== null && { traceparent }),
      ...(tracestate !== null && tracestate !== '' && { tracestate }),
    };
    return { id, claim, webhookId, type, attempt: attempts + 1, headers: { ...headers, ...trace }, body };
  }

  /** @throws BatonError `not_found`; `state_conflict` where Baton calls the endpoint by itself, or it is disabled */
  private async pulled({ tenantId }: Caller, name: string): Promise<EndpointRow> {
    const row = await retrying(() => readEndpoint(this.database.pool, { tenantId, name }));
    if (!row) throw noEndpoint(name);
    if (row.url !== pulledUrl)
      throw new BatonError(
        'state_conflict',
        `the endpoint "${name}" is called at ${row.url}; only those with the url "${pulledUrl}" are taken from`,
      );
    refuseDisabled(row);
    return row;
  }
}
