import { JobCancelledError } from '@baton/worker-kit';
import { JobTester } from '@baton/worker-kit/testing';
import { Postbox, SendLettersController } from './send-letters.controller.js';

let jobs: JobTester;
let postbox: Postbox;

beforeEach(async () => {
  postbox = new Postbox();
  jobs = await JobTester.create({
    controllers: [SendLettersController],
    providers: [{ provide: Postbox, useValue: postbox }],
  });
});
afterEach(() => jobs.close());

test('sends all letters', async () => {
  expect(await jobs.run('send-letters', { to: ['ada', 'bob'] })).toMatchObject({ kind: 'succeeded' });
  expect(postbox.sent).toEqual(['ada', 'bob']);
});

test('takes back what it has sent when it is cancelled', async () => {
  const job = jobs.start('send-letters', { to: ['ada', 'bob', 'eve'] });
  job.abort(new JobCancelledError('the customer called'));
  expect(await job.outcome).toMatchObject({
    kind: 'cancelled',
    error: { code: 'job_cancelled', message: 'the customer called' },
  });
  expect(postbox.withdrawn).toEqual(postbox.sent);
  expect(postbox.sent).not.toContain('eve');
});
