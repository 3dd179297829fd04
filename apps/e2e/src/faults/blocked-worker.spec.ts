import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { BatonClient } from '@baton/client';
import { dispatchModes } from '@baton/contracts';
import { pastRestartGrace } from '../harness/database-facts.js';
import { Fleet } from '../harness/fleet.js';
import { allSettled, factsOf, runnerOf } from '../harness/job-facts.js';

const workerOf = { polling: 'polling-worker', event: 'event-worker' } as const;
const handlers = fileURLToPath(new URL('../handlers/block.fixture.mjs', import.meta.url));

let fleet: Fleet;
let client: BatonClient;
let apiKey: string;
let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'baton-block-'));
  fleet = await Fleet.start({
    services: ['producer', 'result-gateway', 'relay'],
    environment: { WORKER_HANDLERS: handlers },
  });
  ({ client, apiKey } = await fleet.tenant());
}, 200_000);
afterAll(async () => {
  await fleet?.stop();
  await rm(folder, { recursive: true });
});

// It is silent for longer than 6 s (event) or its lease of 15 s (polling), whereupon others have what it ran.
it.each(dispatchModes)(
  'a handler that holds the event loop of its %s worker is rescued elsewhere, its job settled once, and the worker goes on',
  async (mode) => {
    const workers = await Promise.all([fleet.start(workerOf[mode]), fleet.start(workerOf[mode])]);
    for (const queue of ['block', 'echo']) await fleet.setMode(apiKey, queue, mode);
    await pastRestartGrace(fleet);
    const until = join(folder, mode);
    const job = await client.enqueue('block', { until });
    const blocked = await runnerOf(fleet, job.id);
    const [ended] = await allSettled(fleet, [job.id], 60_000);
    expect(ended).toMatchObject({ state: 'succeeded', attempt: 2, failures: 0 });
    const { attempts } = await factsOf(fleet, [job.id]);
    expect(attempts).toMatchObject([{ attempt: 1, outcome: 'lost' }]);
    const rescuer = ended!.workerId;

    await writeFile(until, ''); // the first goes on, and says what it has to say
    await Promise.all(workers.filter((each) => each !== blocked).map((each) => each.stop()));
    const more = await Promise.all(Array.from({ length: 10 }, (_, n) => client.enqueue('echo', n)));
    const after = await allSettled(
      fleet,
      more.map(({ id }) => id),
      60_000,
    );
    expect(after.every(({ workerId }) => workerId !== rescuer)).toBe(true);
    expect(blocked.ended).toBe(false);
    expect((await factsOf(fleet, [job.id])).ended).toEqual([ended]);
    expect(await readFile(`${until}-entered`, 'utf8')).toBe('1 2 ');
    await Promise.all(workers.map((each) => each.end()));
  },
);
