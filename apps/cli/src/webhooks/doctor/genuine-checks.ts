import type { DoctorVisit } from './doctor-visit.js';
import type { Finding, Grade } from './grade.js';
import {
  type Delivery,
  eventBody,
  makeDelivery,
  signatureOf,
  strangeSecret,
  strangeV1a,
} from './make-delivery.js';
import { accepted, type SendOptions, words } from './send-delivery.js';

interface Genuine {
  check: string;
  plays: string;
  grade: Grade;
  advice: string;
  make: (secret: string) => Delivery;
  send?: Pick<SendOptions, 'drip'>;
}

const other = (): string => signatureOf(strangeSecret(), { id: 'msg_other', timestamp: 1, body: '{}' });

/** JSON as no serialiser writes it twice: whoever parses it and signs it anew makes another text. */
const oddBody = (): string =>
  `${eventBody().slice(0, -1)},  "note" : "Gr\\u00fc\\u00dfe, \u65e5\u672c \\/ <&>", "n": 1.0, "big": 12345678901234567890 }\n`;

/** What must be taken. */
export const genuine: readonly Genuine[] = [
  {
    check: 'genuine',
    plays: 'a genuine delivery',
    grade: 'F',
    advice:
      'is it the secret of this endpoint? `baton webhooks diff` says which part of the signature differs; if the answer is 3xx, give the URL where the redirect ends',
    make: (secret) => makeDelivery(secret),
  },
  {
    check: 'exact bytes',
    plays: 'a genuine delivery whose JSON has odd spaces, escapes and numbers',
    grade: 'D',
    advice:
      'verify the bytes as they came (express.raw, request.get_data(), …), not JSON that was parsed and written anew',
    make: (secret) => makeDelivery(secret, { body: oddBody() }),
  },
  {
    check: 'rotated secret',
    plays: 'a genuine delivery with two signatures, the first of another secret',
    grade: 'D',
    advice:
      'webhook-signature is a list, separated by spaces: take the delivery when any of it matches. While a secret is rotated both sign',
    make: (secret) => makeDelivery(secret, { before: [other()] }),
  },
  {
    check: 'signatures of other kinds',
    plays: 'a genuine delivery with signatures of kinds v1a and v2 before its own',
    grade: 'D',
    advice: 'pass over signatures of a kind that you do not know (v1a is ed25519), and look at the next',
    make: (secret) => makeDelivery(secret, { before: [strangeV1a(), 'v2,AAAA'], after: [other()] }),
  },
  {
    check: 'large',
    plays: 'a genuine delivery of 16 KiB',
    grade: 'D',
    advice: 'take bodies of 64 KiB at least: Baton sends 16 KiB and leaves larger results out',
    make: (secret) => makeDelivery(secret, { body: eventBody({ padding: 15_900 }) }),
  },
  {
    check: 'slow',
    plays: 'a genuine delivery whose body comes in 8 pieces over 2 s',
    grade: 'C',
    advice: 'wait for the body for 10 s at least: on a slow way it comes in pieces',
    make: (secret) => makeDelivery(secret),
    send: { drip: { pieces: 8, everyMs: 250 } },
  },
  {
    check: 'unknown type',
    plays: 'a genuine delivery of a type that does not exist yet',
    grade: 'C',
    advice:
      'answer 2xx to events that you do not care for: other answers count as failures, and ten in a row pause the endpoint',
    make: (secret) => makeDelivery(secret, { body: eventBody({ type: 'job.of-a-later-release' }) }),
  },
];

export async function checkGenuine(
  visit: DoctorVisit,
  { check, plays, grade, advice, make, send }: Genuine,
): Promise<Finding> {
  const answer = await visit.send(make(visit.secret), send);
  if (!send) visit.took.push(answer.tookMs);
  const saw = `${plays}: ${words(answer)}`;
  return accepted(answer) ? { check, verdict: 'pass', saw } : { check, verdict: 'fail', saw, grade, advice };
}
