import { randomUUID } from 'node:crypto';
import type { DoctorVisit } from './doctor-visit.js';
import type { Finding } from './grade.js';
import { eventBody, makeDelivery, newWebhookId } from './make-delivery.js';
import { accepted, words } from './send-delivery.js';

const once =
  'keep the webhook-id in the same transaction as what you do (a unique key), and answer 2xx to one that you have';
const blind =
  'all were taken; whether it was done once cannot be seen from outside: give --effects <url> that answers how many deliveries were acted on';

/** The same delivery again: after it, and at once. */
export async function checkDuplicates(visit: DoctorVisit): Promise<Finding> {
  const check = 'duplicate';
  const parts = { id: newWebhookId(), body: eventBody() };
  const { came, grew } = await visit.counted(async () => {
    const first = await visit.send(makeDelivery(visit.secret, parts));
    const again = await visit.send(makeDelivery(visit.secret, parts));
    return [first, again];
  });
  const bad = came.find((answer) => !accepted(answer));
  const saw = `the same delivery twice: ${came.map(words).join(', then ')}`;
  if (bad)
    return {
      check,
      verdict: 'fail',
      saw,
      grade: 'D',
      advice: `answer a repetition by 2xx: what is refused is sent again; ${once}`,
    };
  return effect(check, saw, grew);
}

export async function checkConcurrentDuplicates(visit: DoctorVisit): Promise<Finding> {
  const check = 'duplicates at once';
  const delivery = makeDelivery(visit.secret);
  const { came, grew } = await visit.counted(() =>
    Promise.all(Array.from({ length: 5 }, () => visit.send(delivery))),
  );
  const saw = `the same delivery five times at once: ${came.map(words).join(', ')}`;
  // One that is being done may be put off; what matters is that it is done once.
  const taken = came.some(accepted);
  const broken = came.some(
    ({ status }) => status === undefined || (status >= 300 && status < 400) || status >= 500,
  );
  if (!taken || broken)
    return {
      check,
      verdict: 'fail',
      saw,
      grade: 'C',
      advice: `answer 2xx, or 409 while the first is being done; ${once}`,
    };
  return effect(check, saw, grew);
}

/** Cut in the middle, and tried again under its id, as after a broken connection. */
export async function checkBroken(visit: DoctorVisit): Promise<Finding> {
  const check = 'broken, then whole';
  const parts = { id: newWebhookId(), body: eventBody({ padding: 4_000 }) };
  const { came, grew } = await visit.counted(async () => {
    await visit.send(makeDelivery(visit.secret, parts), { cut: true });
    return visit.send(makeDelivery(visit.secret, parts));
  });
  const saw = `a delivery whose connection breaks in its body, and again whole: ${words(came)}`;
  if (!accepted(came) || grew === 0)
    return {
      check,
      verdict: 'fail',
      saw: grew === 0 ? `${saw}, and nothing was done` : saw,
      grade: 'D',
      advice:
        'remember an id only when the whole delivery is verified and done: the next try comes under the same one',
    };
  return effect(check, saw, grew);
}

export async function checkOrder(visit: DoctorVisit): Promise<Finding> {
  const check = 'out of order';
  const jobId = randomUUID();
  const later = await visit.send(makeDelivery(visit.secret, { body: eventBody({ jobId, cursor: '0:4' }) }));
  const earlier = await visit.send(
    makeDelivery(visit.secret, { body: eventBody({ jobId, type: 'job.overdue', cursor: '0:3' }) }),
  );
  const saw = `a job's end (cursor 0:4), then what came before it (0:3): ${words(later)}, then ${words(earlier)}`;
  if (accepted(later) && accepted(earlier)) return { check, verdict: 'pass', saw };
  return {
    check,
    verdict: 'fail',
    saw,
    grade: 'C',
    advice:
      'deliveries come in no order: compare data.cursor with the last one of the job, leave older ones out, and answer 2xx',
  };
}

function effect(check: string, saw: string, grew: number | undefined): Finding {
  if (grew === undefined) return { check, verdict: 'unknown', saw, advice: blind };
  if (grew === 1) return { check, verdict: 'pass', saw: `${saw}; done once` };
  return { check, verdict: 'fail', saw: `${saw}; done ${grew} times`, grade: 'D', advice: once };
}
