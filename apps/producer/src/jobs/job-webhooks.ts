import type { DeliveryStep, FieldError, JobWebhook } from '@baton/contracts';
import { invalidRequest, type SecretBox } from '@baton/service';
import { type AddressGuard, refuseReceiverUrl } from '@baton/service/egress';
import { Inject, Injectable } from '@nestjs/common';
import { KnownEndpoints } from './known-endpoints.js';
import type { WebhookInput } from './webhook.schema.js';

export const webhookParts = Symbol('what looks at the webhooks of jobs');
export interface WebhookParts {
  box: SecretBox;
  guard: AddressGuard;
}

/** What of a job says whom to tell of it. */
export interface Told {
  webhook?: WebhookInput | undefined;
  delivery?: DeliveryStep[] | undefined;
}

/** As a job's row keeps it: JSON. */
export interface KeptTold {
  webhook?: string;
  delivery?: string;
}

const nobody: KeptTold = {};

/** Looks at whom jobs are to be told to, before they are accepted; and seals their secrets. */
@Injectable()
export class JobWebhooks {
  constructor(
    @Inject(webhookParts) private readonly parts: WebhookParts,
    @Inject(KnownEndpoints) private readonly endpoints: KnownEndpoints,
  ) {}

  /**
   * @returns undefined, at once, where no job says anything of it
   * @throws BatonError `invalid_request`: an endpoint that is not there, or a URL that Baton cannot or must not call
   */
  of(tenantId: string, jobs: readonly Told[]): Promise<KeptTold[]> | undefined {
    if (jobs.every(({ webhook, delivery }) => webhook === undefined && delivery === undefined))
      return undefined;
    return this.look(tenantId, jobs);
  }

  private async look(tenantId: string, jobs: readonly Told[]): Promise<KeptTold[]> {
    const named = jobs.flatMap((job) => endpointsOf(job).map(({ name }) => name));
    const missing = await this.endpoints.missing(tenantId, named);
    const errors = jobs.flatMap((job, i) => {
      const prefix = jobs.length > 1 ? `jobs.${i}.` : '';
      return this.faultsOf(job, missing).map(({ path, message }) => ({ path: prefix + path, message }));
    });
    if (errors.length > 0) throw invalidRequest(errors);
    return jobs.map((job) => this.kept(tenantId, job));
  }

  private faultsOf(job: Told, missing: ReadonlySet<string>): FieldError[] {
    const faults = endpointsOf(job)
      .filter(({ name }) => missing.has(name))
      .map(({ path, name, why }) => ({
        path,
        message: `${why}there is no webhook endpoint "${name}"; make it by PUT /v1/webhooks/${name}`,
      }));
    const refusal =
      job.webhook?.url === undefined ? undefined : refuseReceiverUrl(job.webhook.url, this.parts.guard);
    return refusal === undefined ? faults : [...faults, { path: 'webhook.url', message: refusal }];
  }

  private kept(tenantId: string, { webhook, delivery }: Told): KeptTold {
    if (!webhook && !delivery) return nobody;
    return {
      ...(webhook && { webhook: JSON.stringify(this.keptWebhook(tenantId, webhook)) }),
      ...(delivery && { delivery: JSON.stringify(delivery) }),
    };
  }

  private keptWebhook(tenantId: string, { endpoint, url, secret, events }: WebhookInput): JobWebhook {
    const some = events ? { events } : {};
    if (endpoint !== undefined) return { endpoint, ...some };
    const sealed =
      secret === undefined ? {} : { secret: this.parts.box.seal(secret, `webhook-secret:${tenantId}`) };
    return { url: new URL(url!).href, ...sealed, ...some };
  }
}

/** The endpoints that a job needs, with where it says so. */
function endpointsOf({ webhook, delivery = [] }: Told): { path: string; name: string; why: string }[] {
  const planned = delivery.flatMap((step, i) =>
    step.channel === 'webhook' ? [{ path: `delivery.${i}.endpoint`, name: step.endpoint, why: '' }] : [],
  );
  if (webhook?.endpoint !== undefined)
    return [{ path: 'webhook.endpoint', name: webhook.endpoint, why: '' }, ...planned];
  if (webhook === undefined || webhook.secret !== undefined) return planned;
  const why = 'without a secret of its own a URL is signed with that of the endpoint "default": ';
  return [{ path: 'webhook.secret', name: 'default', why }, ...planned];
}
