import { startTinyApi, type TinyApi } from '../testing/fixtures/tiny-api.js';
import { runFirstJobs } from './first-jobs.js';

let api: TinyApi;
afterEach(() => api.close());

async function run(): Promise<string> {
  const printed: string[] = [];
  await runFirstJobs({
    producerUrl: api.url,
    gatewayUrl: api.url,
    apiKey: 'k',
    modes: ['polling', 'event'],
    print: (line) => printed.push(line),
  });
  return printed.join('\n');
}

test('a picture is made smaller by each mode, and the queue keeps the mode it had', async () => {
  api = await startTinyApi();
  const printed = await run();
  expect(printed).toMatch(
    /A first job by polling: j1 made a picture of 640×400 320×200 \(image\/webp, \d+ bytes\)/,
  );
  expect(printed).toContain('A first job by event');
  expect(printed).toMatch(/settled: succeeded +2026-01-01T00:00:00\.030Z +\+30 ms/);
  expect(api.calls.filter((call) => call.startsWith('mode'))).toEqual([
    'mode polling',
    'mode event',
    'mode polling',
  ]);
  expect(api.calls.filter((call) => call === 'POST /v1/jobs')).toHaveLength(2);
}, 30_000);

test('a picture of the wrong size is no success', async () => {
  api = await startTinyApi({ shrinkTo: 0.5 });
  await expect(run()).rejects.toThrow('The picture came back as 160×100 webp; wanted was 320×200 webp');
}, 30_000);
