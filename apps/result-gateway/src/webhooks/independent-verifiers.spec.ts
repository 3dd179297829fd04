import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import { pythonPackages, type PythonPackages } from '@baton/local-stack';
import { type SeededTenant, seedTenant } from '@baton/persistence/testing';
import { Webhook as StandardWebhook } from 'standardwebhooks';
import { Webhook as SvixWebhook } from 'svix';
import { endJob, seedToldJob } from '../testing/webhooks/end-job.js';
import { type Received, TestReceiver } from '../testing/webhooks/receiver.js';
import { TestGateway } from '../testing/webhooks/test-gateway.js';

// What others wrote decides whether Baton's deliveries are Standard Webhooks: two libraries of npm, one of PyPI.

interface Given {
  body: string;
  headers: Record<string, string>;
}
type Verifier = (secret: string, given: Given) => unknown;

let gateway: TestGateway;
let receiver: TestReceiver;
let tenant: SeededTenant;
let key: string;
let packages: PythonPackages;

const script = `
import base64, json, sys
from standardwebhooks.webhooks import Webhook, WebhookVerificationError
told = json.load(sys.stdin)
try:
    print(json.dumps(Webhook(told["secret"]).verify(base64.b64decode(told["body"]), told["headers"])))
except WebhookVerificationError as error:
    print(json.dumps({"refused": str(error)}))
`;

const verifiers: [string, Verifier][] = [
  ['npm standardwebhooks', (secret, { body, headers }) => new StandardWebhook(secret).verify(body, headers)],
  [
    'npm svix',
    (secret, { body, headers }) => {
      new SvixWebhook(secret).verify(body, headers);
      return JSON.parse(body) as unknown;
    },
  ],
  [
    'PyPI standardwebhooks',
    async (secret, { body, headers }) => {
      const { python, env } = packages;
      const child = spawn(python, ['-c', script], { env, stdio: ['pipe', 'pipe', 'pipe'] });
      child.stdin.end(JSON.stringify({ secret, body: Buffer.from(body).toString('base64'), headers }));
      const [out, err, [code]] = await Promise.all([
        text(child.stdout),
        text(child.stderr),
        once(child, 'close'),
      ]);
      if (code !== 0) throw new Error(`python ended with ${code}: ${err}`);
      const said = JSON.parse(out) as { refused?: string };
      if (said.refused !== undefined) throw new Error(said.refused);
      return said;
    },
  ],
];

beforeAll(async () => {
  packages = await pythonPackages(['standardwebhooks==1.1.0'], { searchPath: process.env['PATH'] ?? '' });
  gateway = await TestGateway.start();
  receiver = await TestReceiver.start();
}, 240_000);
afterAll(async () => {
  await gateway?.close();
  await receiver?.close();
});
beforeEach(async () => {
  tenant = await seedTenant(gateway.test.database);
  key = await gateway.key(tenant.tenantId);
});

const path = (): string => `/${tenant.queue}`;
async function endpoint(): Promise<string> {
  const body = { url: receiver.url(path()) };
  return (await gateway.call<{ secret: string }>('PUT', '/v1/webhooks/hooks', { key, body })).body.secret;
}
async function deliver(result: unknown, count = 1): Promise<Given> {
  await seedToldJob(gateway.test, tenant, { webhook: { endpoint: 'hooks' } });
  const json = JSON.stringify(result);
  await endJob(gateway.test, tenant, 'succeeded', { result: { kind: 'json', json } });
  return given((await receiver.until(path(), count)).at(-1)!);
}
const given = ({ body, headers }: Received): Given => ({ body, headers: headers as Record<string, string> });

describe.each(verifiers)('%s', (_name, verify) => {
  it('takes real deliveries: plain, with odd text, thin, and both secrets of a rotation', async () => {
    const secret = await endpoint();
    expect(await verify(secret, await deliver({ n: 1 }))).toMatchObject({ data: { result: { n: 1 } } });
    const odd = { text: 'Grüße, 日本 \u2028 </script> \\u0000', '': [1.5e300, -0, null], nul: 'a\0b' };
    expect(await verify(secret, await deliver(odd, 2))).toMatchObject({ data: { result: { nul: 'a\0b' } } });
    expect(await verify(secret, await deliver('x'.repeat(20_000), 3))).toMatchObject({
      data: { thin: true },
    });
    const rotated = await gateway.call<{ secret: string }>('POST', '/v1/webhooks/hooks/rotate-secret', {
      key,
    });
    const after = await deliver({ n: 2 }, 4);
    for (const each of [secret, rotated.body.secret])
      expect(await verify(each, after)).toMatchObject({ type: 'job.succeeded' });
  });

  it('refuses one that was changed in any part, or is of another secret', async () => {
    const secret = await endpoint();
    const genuine = await deliver({ n: 1 });
    const { body, headers } = genuine;
    const stale = String(Number(headers['webhook-timestamp']) - 1_000);
    const forgeries: [string, Given][] = [
      [secret, { ...genuine, body: body.replace('"n":1', '"n":2') }],
      [secret, { ...genuine, body: `${body}\n` }],
      [secret, { body, headers: { ...headers, 'webhook-id': `${headers['webhook-id']}0` } }],
      [secret, { body, headers: { ...headers, 'webhook-timestamp': stale } }],
      [
        secret,
        { body, headers: { ...headers, 'webhook-signature': headers['webhook-signature']!.split(' ')[1]! } },
      ],
      [`whsec_${Buffer.alloc(32, 7).toString('base64')}`, genuine],
    ];
    for (const [by, forged] of forgeries) await expect((async () => verify(by, forged))()).rejects.toThrow();
  });
});
