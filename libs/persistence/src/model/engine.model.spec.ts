import { dispatchModes } from '@baton/contracts';
import fc from 'fast-check';
import { createTestDatabase, type TestDatabase } from '../testing.js';
import { commands } from './commands.fixture.js';
import { Engine } from './engine.fixture.js';
import { Model } from './model.fixture.js';

let test: TestDatabase;
beforeAll(async () => {
  test = await createTestDatabase();
});
afterAll(() => test.close());

/** Random lives of a queue's jobs: the engine and the model of its state machine agree after every step. */
it.each(dispatchModes)(
  'does in %s mode what the model of the state machine does',
  async (mode) => {
    await fc.assert(
      fc.asyncProperty(commands, async (steps) => {
        const engine = await Engine.open(test, mode);
        try {
          await fc.asyncModelRun(() => ({ model: new Model(), real: { engine, executions: [] } }), steps);
        } finally {
          await engine.close();
        }
      }),
      { numRuns: 40, endOnFailure: false },
    );
  },
  120_000,
);
