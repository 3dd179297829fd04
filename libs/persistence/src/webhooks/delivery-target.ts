import { type DeliveryStep, endEventTypes, type JobWebhook, type WebhookEventType } from '@baton/contracts';

/** Whom an event of a job is to be told by the job's own word. */
export interface DeliveryTarget {
  jobId: string;
  type: WebhookEventType;
  endpoint: string | null;
  /** Where the job names no endpoint. */
  url: string | null;
  origin: string | null;
  /** Sealed. */
  secret: string | null;
  /** The endpoint's list of events decides. */
  filtered: boolean;
  /** Of the job's delivery plan. */
  planStep: number | null;
}

const nobody = { endpoint: null, url: null, origin: null, secret: null, planStep: null, filtered: false };

/** What a job's `webhook` says of an event. The producer has checked the text; what is none is nobody's. */
export function webhookTargets(
  jobId: string,
  type: WebhookEventType,
  webhook: string | null,
): DeliveryTarget[] {
  const named = parsed<JobWebhook>(webhook);
  if (!named) return [];
  if ('endpoint' in named) {
    if (named.events && !named.events.includes(type)) return [];
    return [{ ...nobody, jobId, type, endpoint: named.endpoint, filtered: named.events === undefined }];
  }
  if (!(named.events ?? endEventTypes).some((event) => event === type)) return [];
  const { url, secret = null } = named;
  return [{ ...nobody, jobId, type, url, origin: new URL(url).origin, secret }];
}

/** The webhooks of a delivery plan, all of them from the start: those whose turn has not come wait. */
export function planTargets(
  jobId: string,
  type: WebhookEventType,
  delivery: string | null,
): { steps: DeliveryStep[]; targets: DeliveryTarget[] } {
  const steps = parsed<DeliveryStep[]>(delivery) ?? [];
  const targets = steps.flatMap((step, planStep): DeliveryTarget[] =>
    step.channel === 'webhook' ? [{ ...nobody, jobId, type, endpoint: step.endpoint, planStep }] : [],
  );
  return { steps, targets };
}

function parsed<T>(text: string | null): T | undefined {
  return text === null ? undefined : (JSON.parse(text) as T);
}
