import {
  Catch,
  Controller,
  Inject,
  Injectable,
  Scope,
  UseFilters,
  UseGuards,
  UseInterceptors,
  UsePipes,
  type ArgumentsHost,
  type CallHandler,
  type CanActivate,
  type ExecutionContext,
  type NestInterceptor,
  type PipeTransform,
  type RpcExceptionFilter,
} from '@nestjs/common';
import { Ctx, Payload } from '@nestjs/microservices';
import { map, of, type Observable } from 'rxjs';
import { z } from 'zod';
import { JobTester } from '../testing/job-tester.js';
import { HandlerSetupError } from './handler-setup.error.js';
import { JobContext } from './job-context.js';
import { JobHandler } from './job-handler.decorator.js';

/* Each part of Nest's pipeline leaves its mark on what passes. */

@Injectable()
class TenantGuard implements CanActivate {
  canActivate(context: ExecutionContext): boolean {
    const job = context.switchToRpc().getContext<JobContext>();
    return job.tenant !== 'stranger';
  }
}

class TrimPipe implements PipeTransform {
  transform(value: unknown): unknown {
    return typeof value === 'string' ? value.trim() : value;
  }
}

class LoudInterceptor implements NestInterceptor {
  intercept(_context: ExecutionContext, next: CallHandler<unknown>): Observable<unknown> {
    return next.handle().pipe(map((value) => `${String(value)}!`));
  }
}

class Expected extends Error {}

@Catch(Expected)
class ExpectedFilter implements RpcExceptionFilter {
  catch(error: Expected, host: ArgumentsHost): Observable<unknown> {
    return of(`${error.message} of ${host.switchToRpc().getContext<JobContext>().queue}`);
  }
}

@Injectable({ scope: Scope.REQUEST })
class PerJob {
  static made = 0;
  readonly number = ++PerJob.made;
}

@Controller()
@UseGuards(TenantGuard)
class Handlers {
  @JobHandler('piped')
  @UsePipes(new TrimPipe())
  @UseInterceptors(new LoudInterceptor())
  piped(name: string, context: JobContext): string {
    return `${name} by ${context.queue}`;
  }

  @JobHandler('filtered')
  @UseFilters(new ExpectedFilter())
  filtered(expected: boolean): never {
    throw expected ? new Expected('as told') : new TypeError('not this one');
  }

  @JobHandler('turned')
  turned(@Ctx() context: JobContext, @Payload('name') name: string): string {
    return `${name} in attempt ${context.attempt}`;
  }

  @JobHandler('checked', { payload: z.strictObject({ count: z.coerce.number().int() }) })
  checked({ count }: { count: number }): number {
    return count + 1;
  }
}

@Controller()
class PerJobHandlers {
  constructor(@Inject(PerJob) private readonly perJob: PerJob) {}

  @JobHandler('per-job')
  run(): number {
    return this.perJob.number;
  }
}

let jobs: JobTester;
beforeAll(async () => {
  jobs = await JobTester.create({ controllers: [Handlers, PerJobHandlers], providers: [PerJob] });
});
afterAll(() => jobs.close());

const json = (value: unknown) => ({
  kind: 'succeeded',
  result: { kind: 'json', json: JSON.stringify(value) },
});

it('pipes and interceptors wrap a handler', async () => {
  expect(await jobs.run('piped', '  Ann ')).toEqual(json('Ann by piped!'));
});

it('a guard that refuses fails the attempt', async () => {
  expect(await jobs.run('piped', 'Ann', { tenantId: 'stranger' })).toMatchObject({
    kind: 'failed',
    error: { code: 'handler_error', message: 'Forbidden resource' },
  });
});

it('a filter may turn an error into a result, and others stay what they are', async () => {
  expect(await jobs.run('filtered', true)).toEqual(json('as told of filtered'));
  expect(await jobs.run('filtered', false)).toMatchObject({
    kind: 'failed',
    error: { message: 'not this one', stack: expect.stringContaining('TypeError') },
  });
});

it('decorated parameters come in their own order', async () => {
  expect(await jobs.run('turned', { name: 'Ann' }, { attempt: 3 })).toEqual(json('Ann in attempt 3'));
});

it('a schema gives the handler what it makes of the payload, and refuses for good what it does not know', async () => {
  expect(await jobs.run('checked', { count: '41' })).toEqual(json(42));
  expect(await jobs.run('checked', { count: 'x', more: 1 })).toMatchObject({
    kind: 'failed',
    error: {
      code: 'handler_fatal',
      retryable: false,
      message: expect.stringMatching(/^the payload is not valid: count: .*; .*more/),
    },
  });
});

it('request scope is a job', async () => {
  const first = await jobs.run('per-job', null);
  const second = await jobs.run('per-job', null);
  expect([first, second]).toEqual([json(1), json(2)]);
});

describe('a declaration that cannot be served', () => {
  it('is refused: two handlers of one queue', async () => {
    @Controller()
    class One {
      @JobHandler('same')
      first(): void {}
    }
    @Controller()
    class Two {
      @JobHandler('same')
      second(): void {}
    }
    await expect(JobTester.create({ controllers: [One, Two] })).rejects.toThrow(
      'queue "same" has two handlers: One.first and Two.second; allowed: one',
    );
  });

  it('is refused: none at all', async () => {
    await expect(JobTester.create({})).rejects.toThrow(/there is no handler to serve/);
  });

  it.each([
    ['Emails', {}, /Bad\.run handles queue "Emails", which is no queue name; allowed: 1 to 63 of a-z/],
    ['emails', { concurrency: 0 }, /Bad\.run has concurrency 0; allowed: a whole number/],
    ['emails', { timeout: '2 weeks' }, /Bad\.run has timeout "2 weeks"; allowed: a duration of at most 1d/],
  ])('is refused: queue %s with %j', (queue, options, message) => {
    class Bad {
      run(): void {}
    }
    const descriptor = Object.getOwnPropertyDescriptor(Bad.prototype, 'run') as TypedPropertyDescriptor<
      () => void
    >;
    const declare = () => JobHandler(queue, options)(Bad.prototype, 'run', descriptor);
    expect(declare).toThrow(HandlerSetupError);
    expect(declare).toThrow(message);
  });
});
