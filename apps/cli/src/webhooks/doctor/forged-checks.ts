import type { DoctorVisit } from './doctor-visit.js';
import type { Finding, Grade } from './grade.js';
import { type Delivery, makeDelivery, newWebhookId, strangeSecret, strangeV1a } from './make-delivery.js';
import { accepted, words } from './send-delivery.js';

interface Forgery {
  check: string;
  plays: string;
  grade: Grade;
  advice: string;
  make: (secret: string) => Delivery;
}

const verifyAll =
  'verify before anything else: HMAC-SHA-256 over "<webhook-id>.<webhook-timestamp>.<raw body>", and answer 401';
const stamp = 'refuse a webhook-timestamp that is more than 5 minutes off, on both sides of the clock';

/** What must be refused. */
export const forgeries: readonly Forgery[] = [
  {
    check: 'unsigned',
    plays: 'a delivery without any of the webhook- headers',
    grade: 'F',
    advice: verifyAll,
    make: (secret) => ({ ...makeDelivery(secret), headers: { 'content-type': 'application/json' } }),
  },
  {
    check: 'no signature',
    plays: 'a delivery with an empty webhook-signature',
    grade: 'F',
    advice: verifyAll,
    make: (secret) => change(makeDelivery(secret), { 'webhook-signature': '' }),
  },
  {
    check: 'wrong secret',
    plays: 'a delivery signed with another secret',
    grade: 'F',
    advice: verifyAll,
    make: () => makeDelivery(strangeSecret()),
  },
  {
    check: 'signature of another kind',
    plays: 'a v1a signature of an unknown key, alone',
    grade: 'F',
    advice:
      'a signature that you cannot check is none: leave it out of account, and refuse when no other is left',
    make: (secret) => change(makeDelivery(secret), { 'webhook-signature': strangeV1a() }),
  },
  {
    check: 'tampered body',
    plays: 'a genuine delivery with one digit of its body changed',
    grade: 'F',
    advice: verifyAll,
    make: (secret) => {
      const delivery = makeDelivery(secret);
      return { ...delivery, body: delivery.body.replace('"attempt":1', '"attempt":2') };
    },
  },
  {
    check: 'tampered id',
    plays: 'a genuine delivery under another webhook-id',
    grade: 'E',
    advice:
      'the id is signed: verify it too, or whoever records one delivery may play it again and again as new',
    make: (secret) => change(makeDelivery(secret), { 'webhook-id': newWebhookId() }),
  },
  {
    check: 'tampered timestamp',
    plays: 'a delivery of an hour ago with a new webhook-timestamp',
    grade: 'E',
    advice: 'the timestamp is signed: verify it too, or an old delivery is made fresh',
    make: (secret) => {
      const now = String(Math.floor(Date.now() / 1_000));
      return change(makeDelivery(secret, { ageSeconds: 3_600 }), { 'webhook-timestamp': now });
    },
  },
  {
    check: 'stale',
    plays: 'a genuine delivery that was signed 10 minutes ago',
    grade: 'E',
    advice: stamp,
    make: (secret) => makeDelivery(secret, { ageSeconds: 600 }),
  },
  {
    check: 'ahead of time',
    plays: 'a genuine delivery that was signed 10 minutes ahead',
    grade: 'B',
    advice: stamp,
    make: (secret) => makeDelivery(secret, { ageSeconds: -600 }),
  },
];

export async function checkForgery(visit: DoctorVisit, forgery: Forgery): Promise<Finding> {
  const { check, plays, grade, advice, make } = forgery;
  const answer = await visit.send(make(visit.secret));
  const saw = `${plays}: ${words(answer)}`;
  if (accepted(answer)) return { check, verdict: 'fail', saw, grade, advice };
  const { status } = answer;
  if (status === undefined || status >= 500 || status < 400)
    return {
      check,
      verdict: 'fail',
      saw,
      grade: 'B',
      advice: 'refuse what is not genuine by 400 or 401: other answers look like trouble of your own',
    };
  return { check, verdict: 'pass', saw };
}

function change(delivery: Delivery, headers: Record<string, string>): Delivery {
  return { ...delivery, headers: { ...delivery.headers, ...headers } };
}
