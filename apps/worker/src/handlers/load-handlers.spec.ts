import { fileURLToPath } from 'node:url';
import { JobTester } from '@baton/worker-kit/testing';
import { loadHandlers } from './load-handlers.js';

const fixtures = fileURLToPath(new URL('../testing/', import.meta.url));

it('serves the controllers that a module exports, with what they need', async () => {
  const jobs = await JobTester.create({ imports: [loadHandlers('./greet.fixture.ts', fixtures)] });
  expect(await jobs.run('greet', { name: 'you' })).toEqual({
    kind: 'succeeded',
    result: { kind: 'json', json: '"hello you"' },
  });
  await jobs.close();
});

it.each([
  ['./nothing.fixture.ts', /WORKER_HANDLERS=".\/nothing.fixture.ts" exports neither a Nest controller/],
  ['./missing.ts', /WORKER_HANDLERS=".\/missing.ts" cannot be loaded from /],
  ['no-such-package', /WORKER_HANDLERS="no-such-package" cannot be loaded from /],
])('says what is wrong with %s', async (specifier, message) => {
  await expect(loadHandlers(specifier, fixtures)).rejects.toThrow(message);
});
