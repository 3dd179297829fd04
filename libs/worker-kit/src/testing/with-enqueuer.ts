import { Module, type DynamicModule, type ModuleMetadata } from '@nestjs/common';
import { JobEnqueuer } from '../handler/job-enqueuer.js';

@Module({})
class EnqueuerModule {}

/** A test's module, in which handlers get this enqueuer. */
export function withEnqueuer(module: ModuleMetadata, enqueuer: JobEnqueuer): DynamicModule {
  const provider = { provide: JobEnqueuer, useValue: enqueuer };
  const forAll = { module: EnqueuerModule, global: true, providers: [provider], exports: [JobEnqueuer] };
  return { module: class TestedModule {}, ...module, imports: [forAll, ...(module.imports ?? [])] };
}
