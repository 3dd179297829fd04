import { generateKeyPairSync, sign } from 'node:crypto';
import fc from 'fast-check';
import { Webhook } from 'standardwebhooks';
import { verifyWebhook, type WebhookKeys } from './verify-webhook.js';

interface Sent {
  id: string;
  timestamp: number;
  body: string;
  signature: string;
}
const check = ({ id, timestamp, body, signature }: Sent, keys: WebhookKeys) =>
  verifyWebhook(
    body,
    { 'webhook-id': id, 'webhook-timestamp': String(timestamp), 'webhook-signature': signature },
    { now: () => timestamp * 1_000, ...keys },
  );

it.each<[string, Sent]>([
  [
    'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw',
    {
      id: 'msg_p5jXN8AQM9LWM0D4loKWxJek',
      timestamp: 1_614_265_330,
      body: '{"test": 2432232314}',
      signature: 'v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=',
    },
  ],
  [
    'whsec_plJ3nmyCDGBKInavdOK15jsl',
    {
      id: 'msg_loFOjxBNrRLzqYUf',
      timestamp: 1_731_705_121,
      body: '{"event_type":"ping","data":{"success":true}}',
      signature: 'v1,rAvfW3dJ/X/qxhsaXPOyyCGmRKsaKWcsNccKXlIktD0=',
    },
  ],
])('takes the published vectors: %s', async (secret, sent) => {
  expect(await check(sent, { secret })).toMatchObject({ id: sent.id });
});

const secret = 'whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD';
const { publicKey, privateKey } = generateKeyPairSync('ed25519');
const whpk = `whpk_${publicKey.export({ format: 'der', type: 'spki' }).subarray(-32).toString('base64')}`;

function send(body: string, timestamp = 1_700_000_000): Sent {
  const id = 'msg_1';
  const v1 = new Webhook(secret).sign(id, new Date(timestamp * 1_000), body);
  const v1a = `v1a,${sign(null, Buffer.from(`${id}.${timestamp}.${body}`), privateKey).toString('base64')}`;
  return { id, timestamp, body, signature: `v2,xx ${v1} ${v1a}` };
}

it('takes either signature, and one of several secrets', async () => {
  const sent = send('{"type":"job.dead","data":{}}');
  expect(await check(sent, { publicKey: whpk })).toMatchObject({ type: 'job.dead' });
  expect(await check(sent, { secret: ['whsec_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA', secret] })).toMatchObject({
    type: 'job.dead',
  });
  await expect(check(sent, { secret: 'whsec_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA' })).rejects.toMatchObject({
    fault: 'no_match',
  });
  await expect(check(sent, {})).rejects.toMatchObject({ fault: 'no_match' });
});

it('refuses whatever byte was changed', async () => {
  const sent = send('{"type":"job.dead","data":{}}');
  await fc.assert(
    fc.asyncProperty(fc.nat(sent.body.length - 1), fc.integer({ min: 1, max: 94 }), async (at, by) => {
      const changed = String.fromCharCode(32 + ((sent.body.charCodeAt(at) - 32 + by) % 95));
      const body = sent.body.slice(0, at) + changed + sent.body.slice(at + 1);
      await expect(check({ ...sent, body }, { secret, publicKey: whpk })).rejects.toMatchObject({
        fault: 'no_match',
      });
    }),
    { numRuns: 50 },
  );
  await expect(check({ ...sent, id: 'msg_2' }, { secret })).rejects.toMatchObject({ fault: 'no_match' });
});

it('refuses what is stale, from the future, or has no headers', async () => {
  const sent = send('{}');
  const at = (seconds: number): WebhookKeys => ({ secret, now: () => (sent.timestamp + seconds) * 1_000 });
  expect(await check(sent, at(300))).toEqual({ id: 'msg_1' });
  await expect(check(sent, at(301))).rejects.toMatchObject({ fault: 'stale' });
  await expect(check(sent, at(-301))).rejects.toMatchObject({ fault: 'stale' });
  await expect(verifyWebhook('{}', {}, { secret })).rejects.toMatchObject({ fault: 'missing_header' });
  await expect(check({ ...sent, timestamp: Number.NaN }, { secret })).rejects.toMatchObject({
    fault: 'bad_timestamp',
  });
  const headers = new Headers({
    'Webhook-Id': sent.id,
    'Webhook-Timestamp': String(sent.timestamp),
    'Webhook-Signature': sent.signature,
  });
  expect(await verifyWebhook('{}', headers, at(0))).toEqual({ id: 'msg_1' });
});
