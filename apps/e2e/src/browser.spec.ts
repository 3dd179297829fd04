import { mkdir } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { BatonClient, channelNames, type ChannelName } from '@baton/client';
import { deriveJobTokenKey, signJobToken } from '@baton/service';
import { freePort } from '@baton/local-stack';
import type { Browser, Page } from 'puppeteer-core';
import sharp from 'sharp';
import { launchChromium } from './harness/chromium.js';
import { Fleet } from './harness/fleet.js';
import { PageServer } from './harness/page-server.js';

/** What the page keeps of a job that it watches. */
interface Told {
  cursors: string[];
  types: string[];
  channels: { channel: ChannelName; status: string; gateway: string }[];
  renewals: number;
  result?: unknown;
  error?: { code: string; message: string };
  done?: true;
}

const screenshots = fileURLToPath(new URL('../../../.baton/screenshots/', import.meta.url));
const pageScript = new URL('./browser/watch-page.fixture.mjs', import.meta.url);

let fleet: Fleet;
let pages: PageServer;
let strange: PageServer;
let reactPages: PageServer;
let browser: Browser;
let page: Page;
let client: BatonClient;
let tenantId: string;
/** Where the gateway is that will be killed, and where the one after it will be. */
let gatewayUrls: string[];
let secondPort: number;

beforeAll(async () => {
  [pages, strange, reactPages, browser] = await Promise.all([
    PageServer.start(pageScript),
    PageServer.start(pageScript),
    PageServer.start(new URL('./browser/react-page.fixture.jsx', import.meta.url)),
    launchChromium(),
  ]);
  fleet = await Fleet.start({
    kafka: false,
    redis: false,
    services: ['producer', 'result-gateway', 'polling-worker'],
    environment: { ALLOWED_ORIGINS: `${pages.origin},${reactPages.origin}` },
  });
  const tenant = await fleet.tenant();
  ({ tenantId } = tenant);
  secondPort = await freePort();
  gatewayUrls = [fleet.the('result-gateway').url, `http://127.0.0.1:${secondPort}`];
  client = new BatonClient({
    url: fleet.the('producer').url,
    gatewayUrl: gatewayUrls,
    apiKey: tenant.apiKey,
  });
  for (const queue of ['echo', 'fail', 'sleep', 'render'])
    await fleet.setMode(tenant.apiKey, queue, 'polling');
}, 120_000);
afterAll(async () => {
  client?.close();
  await browser?.close();
  await Promise.all([fleet?.stop(), pages?.stop(), strange?.stop(), reactPages?.stop()]);
});
beforeEach(async () => {
  page = await browser.newPage();
  await page.goto(pages.origin);
});
afterEach(() => page.close());

/** Begins to watch, and does not wait for the end. */
async function watch(
  name: string,
  job: { id: string; token: string } & Record<string, unknown>,
): Promise<void> {
  const gatewayUrl = fleet.the('result-gateway').url;
  const options = { gatewayUrl, url: fleet.the('producer').url, ...job };
  await page.evaluate(`void watch(${JSON.stringify(name)}, ${JSON.stringify(options)})`);
}

/** What the page was told, once `condition`, said of it as `mine`, is true. */
async function told(name: string, condition = 'mine.done'): Promise<Told> {
  await page.waitForFunction(`(mine => mine && (${condition}))(told[${JSON.stringify(name)}])`, {
    timeout: 60_000,
  });
  return (await page.evaluate(`told[${JSON.stringify(name)}]`)) as Told;
}

const numbers = (count: number): string[] => Array.from({ length: count }, (_, i) => `0:${i + 1}`);
const openedIn = ({ channels }: Told): string[] =>
  channels.filter(({ status }) => status === 'open').map(({ channel }) => channel);

it.each(channelNames)('a page takes a job by %s, with the token of the job', async (channel) => {
  const { id, token } = await client.enqueue('echo', { hello: 'wörld' });
  await watch(channel, { id, token, channels: [channel] });
  const mine = await told(channel);
  expect(mine).toMatchObject({ result: { hello: 'wörld' } });
  expect(mine.types.at(-1)).toBe('job.succeeded');
  expect(mine.cursors).toEqual(numbers(mine.cursors.length));
  expect(openedIn(mine)).toEqual([channel]);
});

it('takes a fresh token before the old one is over, from the producer, on an open WebSocket', async () => {
  const job = await client.enqueue('sleep', { ms: 8_000 });
  // Good for six seconds more.
  const key = deriveJobTokenKey(Buffer.from(fleet.masterKey, 'hex'));
  const token = signJobToken(key, { jobId: job.id, tenantId }, Date.now() - 894_000);
  await watch('sleep', { id: job.id, token });
  const mine = await told('sleep');
  expect(mine).toMatchObject({ result: { slept: 8_000 }, cursors: numbers(mine.cursors.length) });
  expect(openedIn(mine)).toEqual(['websocket']);
});

it('puts the token into a cookie that scripts cannot read, for an EventSource of the page', async () => {
  const { id, token } = await client.enqueue('echo', 1);
  const job = { id, token, gatewayUrl: fleet.the('result-gateway').url };
  await page.evaluate(`watchBySource('source', ${JSON.stringify(job)})`);
  const mine = await told('source');
  expect(mine.types.at(-1)).toBe('job.succeeded');
  expect(mine.cursors).toEqual(numbers(mine.cursors.length));
  expect(await page.evaluate('document.cookie')).toBe('');
  await page.deleteCookie(...(await page.cookies(job.gatewayUrl)));
});

it('a page of another origin is told what is wrong', async () => {
  await page.goto(strange.origin);
  const { id, token } = await client.enqueue('echo', 1);
  await watch('echo', { id, token, patienceMs: 500 });
  const { error } = await told('echo');
  expect(error).toMatchObject({ code: 'unavailable', message: expect.stringContaining('ALLOWED_ORIGINS') });
});

it('verifies a webhook in the page', async () => {
  // The example of the specification of Standard Webhooks.
  const event = await page.evaluate(`verifyWebhook('{"test": 2432232314}', {
    'webhook-id': 'msg_p5jXN8AQM9LWM0D4loKWxJek',
    'webhook-timestamp': '1614265330',
    'webhook-signature': 'v1,bm9wZQ== v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=',
  }, { secret: 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw', now: () => 1614265330000 })`);
  expect(event).toMatchObject({ test: 2432232314 });
});

it('a page watches over WebSocket, its gateway is killed, and it goes on at another without a gap or a repeat; then it shows the image', async () => {
  const size = { width: 320, height: 240 };
  const source = await sharp({ create: { width: 1_280, height: 960, channels: 3, background: '#f4efe6' } })
    .composite([{ input: Buffer.from(drawing), top: 0, left: 0 }])
    .png()
    .toBuffer();
  const { jobs } = await client.enqueueFlow([
    { name: 'sleep', queue: 'sleep', payload: { ms: 8_000 } },
    {
      name: 'render',
      queue: 'render',
      payload: { source: source.toString('base64'), ...size, format: 'png' },
      dependsOn: ['sleep'],
    },
  ]);
  const first = fleet.the('result-gateway');
  for (const [name, id] of Object.entries(jobs)) {
    const { token } = await client.token(id);
    await watch(name, { id, token, gatewayUrl: gatewayUrls, channels: ['websocket'] });
  }
  await told('sleep', `mine.types.includes('job.progress')`);
  await told('render', `mine.types.includes('job.held')`);

  first.kill();
  await told('sleep', `mine.channels.some(({ status }) => status === 'lost')`);
  const before = await told('sleep', 'true');
  expect(before.done).toBeUndefined();
  const second = await fleet.start('result-gateway', {}, secondPort);

  const [sleep, render] = [await told('sleep'), await told('render')];
  for (const mine of [sleep, render]) {
    expect(mine.error).toBeUndefined();
    expect(mine.cursors).toEqual(numbers(mine.cursors.length));
    expect(mine.types.at(-1)).toBe('job.succeeded');
    const opened = mine.channels.filter(({ status }) => status === 'open');
    expect(opened).toMatchObject([
      { channel: 'websocket', gateway: first.url },
      { channel: 'websocket', gateway: second.url },
    ]);
  }
  expect(sleep.cursors.length).toBeGreaterThan(before.cursors.length);
  expect(sleep.types.filter((type) => type === 'job.progress').length).toBeGreaterThanOrEqual(6);

  // The page has decoded it; and so does a library that has not seen how it was made.
  expect(await page.evaluate(`document.querySelector('img').dataset.size`)).toBe('320x240');
  const { file } = render.result as { file: { url: string } };
  const bytes = Buffer.from(await (await fetch(file.url)).arrayBuffer());
  expect(await sharp(bytes).metadata()).toMatchObject({ format: 'png', ...size });
  const { dominant } = await sharp(bytes).stats();
  expect(dominant.r).toBeGreaterThan(200);
  await mkdir(screenshots, { recursive: true });
  await page.screenshot({ path: `${screenshots}gateway-killed.png`, fullPage: true });
});

describe('the hook of React, in StrictMode', () => {
  interface Shown {
    id?: string;
    state?: string;
    fraction?: number;
    done: boolean;
    result?: unknown;
    code?: string;
  }
  const show = (props: object): Promise<unknown> => page.evaluate(`show(${JSON.stringify(props)})`);
  const until = (condition: string): Promise<unknown> => page.waitForFunction(condition, { timeout: 60_000 });
  const shown = async (): Promise<Shown[]> => (await page.evaluate('shown')) as Shown[];
  const options = (): object => ({
    gatewayUrl: fleet.the('result-gateway').url,
    url: fleet.the('producer').url,
  });

  beforeEach(() => page.goto(reactPages.origin));

  it('shows state, progress and result over one WebSocket, which is closed at the end; a new token begins nothing anew', async () => {
    const job = await client.enqueue('sleep', { ms: 3_000 });
    await show({ job, options: options() });
    await until('shown.some(({ fraction }) => fraction > 0)');
    await show({ job: { ...job, ...(await client.token(job)) }, options: options() });
    await until('shown.at(-1).done');
    const renders = await shown();
    expect(renders.at(-1)).toMatchObject({ state: 'succeeded', result: { slept: 3_000 } });
    const fractions = renders.flatMap(({ fraction }) => fraction ?? []);
    expect(fractions).toEqual(fractions.toSorted((a, b) => a - b));
    expect(new Set(fractions).size).toBeGreaterThanOrEqual(2);
    // StrictMode mounted it twice: the first watch was gone before it was seen.
    expect(await page.evaluate('opened')).toEqual(['websocket']);
    await until('sockets() === 0');
    expect(await page.evaluate(`document.getElementById('result').textContent`)).toBe('{"slept":3000}');
  });

  it('shows nothing of one job as of the next, says why a job is dead, and leaves nothing open when it is gone', async () => {
    const [long, dead] = [
      await client.enqueue('sleep', { ms: 60_000 }),
      await client.enqueue('fail', { times: 9 }, { maxAttempts: 1 }),
    ];
    await show({ job: long, options: options() });
    await until(`shown.at(-1).state === 'running'`);
    await show({ job: dead });
    await until('shown.at(-1).done');
    const renders = await shown();
    expect(renders.at(-1)).toMatchObject({ id: dead.id, state: 'dead', code: 'job_dead' });
    expect(renders.find(({ id }) => id === dead.id)).toEqual({ id: dead.id, done: false });
    await show({ job: long });
    await until(`shown.at(-1).state === 'running'`);
    await show({ gone: true });
    await until('sockets() === 0');
    const count = (await shown()).length;
    await client.cancel(long);
    await expect(client.wait(long)).rejects.toMatchObject({ code: 'job_cancelled' });
    expect(await shown()).toHaveLength(count);
  });
});

const drawing = `<svg xmlns="http://www.w3.org/2000/svg" width="1280" height="960">
  <circle cx="640" cy="480" r="300" fill="#b3412c"/><path d="M240 800 L1040 160" stroke="#22333b" stroke-width="48"/>
</svg>`;
