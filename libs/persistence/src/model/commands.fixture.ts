import fc from 'fast-check';
import { uuidv7 } from 'uuidv7';
import type { Engine, Execution } from './engine.fixture.js';
import { type Ending, live, type Model } from './model.fixture.js';

/** The engine with what its workers remember. */
export interface Real {
  engine: Engine;
  executions: Execution[];
}

type Command = fc.AsyncCommand<Model, Real>;

const keys = ['k1', 'k2'];

/** Makes a command that can always run, and is shown by its text. */
function command(text: string, run: (model: Model, real: Real) => Promise<void>): Command {
  return {
    check: () => true,
    toString: () => text,
    run: async (model, real) => {
      await run(model, real);
      await agree(model, real);
    },
  };
}

/** Job by job, slot by slot. */
async function agree(model: Model, { engine }: Real): Promise<void> {
  const shown = (job: {
    id: string;
    state: string;
    reason: string | null;
    attempt: number;
    failures: number;
    slots: number;
  }) =>
    `${job.id} ${job.state} ${job.reason === 'lane' ? 'in its lane' : ''} attempt ${job.attempt} failures ${job.failures} slots ${job.slots}`;
  expect((await engine.jobs()).map(shown)).toEqual(model.jobs.map(shown));
  const taken: Record<string, number> = {};
  for (const job of model.jobs.filter(live)) {
    if (job.slots & 1) taken[job.key!] = (taken[job.key!] ?? 0) + 1;
    if (job.slots & 2) taken[''] = (taken[''] ?? 0) + 1;
  }
  expect(await engine.slotsTaken()).toEqual(taken);
}

const accepts = fc
  .record({
    lane: fc.constantFrom(undefined, 'a', 'b'),
    key: fc.constantFrom(undefined, ...keys),
    priority: fc.constantFrom(0, 1, 2),
    maxAttempts: fc.integer({ min: 1, max: 3 }),
    delay: fc.constantFrom(0, 0, 0, 1, 2),
  })
  .map((job) =>
    command(`accept ${JSON.stringify(job)}`, async (model, { engine }) => {
      const id = await engine.accept(job);
      // Limits by key count by the ordering key where no other is given.
      model.accept({ ...job, key: job.key ?? job.lane, id });
    }),
  );

const takes = fc.integer({ min: 1, max: 3 }).map((count) =>
  command(`take ${count}`, async (model, { engine, executions }) => {
    const expected = model.nextToRun(count);
    const taken = engine.mode === 'polling' ? await engine.claim(count) : await begin(engine, expected);
    expect(taken.map((execution) => execution.jobId)).toEqual(expected.map((job) => job.id));
    for (const [i, job] of expected.entries()) model.start(job, taken[i]!.executionId);
    executions.push(...taken);
  }),
);

/** An event worker reads records of whatever was released. */
async function begin(engine: Engine, jobs: Model['jobs']): Promise<Execution[]> {
  const begun: Execution[] = [];
  for (const { id, attempt, lane } of jobs) {
    const execution = { jobId: id, attempt, executionId: uuidv7(), lane };
    expect(await engine.say(execution, 'started')).toBe('applied');
    begun.push(execution);
  }
  return begun;
}

const endings: Ending[] = ['succeeded', 'failed', 'snoozed', 'cancelled', 'released', 'fatal'];

/** One that was taken at some time says how it ended; it may have lost its job long ago. */
const ends = fc.record({ which: fc.nat(), ending: fc.constantFrom(...endings) }).map(({ which, ending }) =>
  command(`end ${which} ${ending}`, async (model, { engine, executions }) => {
    if (executions.length === 0) return;
    const execution = executions[which % executions.length]!;
    const counted = model.end(execution.jobId, execution.attempt, execution.executionId, ending);
    const verdict = await engine.say(execution, ending);
    expect(verdict === 'applied').toBe(counted);
  }),
);

/** A polling worker that ends a job takes on, in the same breath, one that this lets go, where there is any. */
const handOvers = fc
  .record({ which: fc.nat(), ending: fc.constantFrom(...endings) })
  .map(({ which, ending }) =>
    command(`end ${which} ${ending}, and take on`, async (model, { engine, executions }) => {
      if (executions.length === 0 || engine.mode === 'event') return;
      const execution = executions[which % executions.length]!;
      const others = model.jobs.some((job) => job.state === 'queued' && job.owner === undefined);
      const wasHeld = new Set(model.jobs.filter((job) => job.state === 'held'));
      const counted = model.end(execution.jobId, execution.attempt, execution.executionId, ending);
      const letGo = model.jobs.filter((job) => wasHeld.has(job) && job.state === 'queued');
      const { verdict, handed } = await engine.sayAndTake(execution, ending);
      expect(verdict === 'applied').toBe(counted);
      // Nothing is handed on past one that has waited for long; what one statement lets go may wait for the next.
      expect(handed !== undefined).toBe(letGo.length > 0 && !others);
      if (!handed) return;
      const job = letGo.find(({ id }) => id === handed.jobId);
      expect(job?.attempt).toBe(handed.attempt);
      model.start(job!, handed.executionId);
      executions.push(handed);
    }),
  );

/** A short job of an event worker: its outcome is the first that is heard of it. */
const shortRuns = fc.constantFrom(...endings).map((ending) =>
  command(`run and end ${ending}`, async (model, { engine, executions }) => {
    const [job] = model.nextToRun(1);
    if (!job || engine.mode === 'polling') return;
    const execution = { jobId: job.id, attempt: job.attempt, executionId: uuidv7(), lane: job.lane };
    executions.push(execution);
    expect(model.end(job.id, job.attempt, execution.executionId, ending)).toBe(true);
    expect(await engine.say(execution, ending)).toBe('applied');
  }),
);

const cancels = fc.nat().map((which) =>
  command(`cancel ${which}`, async (model, { engine }) => {
    if (model.jobs.length === 0) return;
    const job = model.jobs[which % model.jobs.length]!;
    await engine.cancel(job.id);
    model.cancel(job, engine.mode);
  }),
);

const tick = fc.constant(
  command('an hour goes by', async (model, { engine }) => {
    await engine.tick();
    model.tick();
  }),
);

const rescue = fc.constant(
  command('the worker is lost', async (model, { engine }) => {
    await engine.rescue();
    model.rescue();
  }),
);

const limits = fc
  .record({
    total: fc.constantFrom(undefined, undefined, 1, 2),
    perKey: fc.constantFrom(undefined, undefined, 1, 2),
    paused: fc.constantFrom(false, false, false, true),
  })
  .map((wanted) =>
    command(`limits ${JSON.stringify(wanted)}`, async (model, { engine }) => {
      await engine.setLimits(wanted, [...keys, 'a', 'b']);
      model.setLimits(wanted);
    }),
  );

/** Accepts, takes and ends the most often: the others are what disturbs them. */
export const commands = fc.commands(
  [
    accepts,
    accepts,
    takes,
    takes,
    ends,
    ends,
    handOvers,
    handOvers,
    shortRuns,
    cancels,
    tick,
    rescue,
    limits,
  ],
  { maxCommands: 60, size: 'max' },
);
