import { type ObjectStore, openS3 } from '@baton/objects';
import { HealthRegistry } from '@baton/service';
import { type DynamicModule, Inject, Module, type OnApplicationShutdown } from '@nestjs/common';
import type { GatewayConfig } from './gateway.config.js';

/** Under which S3 is injected; null where there is none. */
export const objectStore = Symbol('where files lie');

@Module({})
export class ObjectsModule implements OnApplicationShutdown {
  static forRoot({ s3 }: GatewayConfig): DynamicModule {
    const provider = { provide: objectStore, useFactory: () => (s3 ? openS3(s3) : null) };
    return { module: ObjectsModule, global: true, providers: [provider], exports: [objectStore] };
  }

  constructor(
    @Inject(objectStore) private readonly objects: ObjectStore | null,
    @Inject(HealthRegistry) health: HealthRegistry,
  ) {
    // Any question will do; without it all goes on but files.
    if (objects) health.add({ name: 's3', required: false, check: () => objects.size('ready') });
  }

  onApplicationShutdown(): void {
    this.objects?.close();
  }
}
