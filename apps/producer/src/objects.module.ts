import { type ObjectStore, openS3, type S3Settings } from '@baton/objects';
import { type DynamicModule, Inject, Module, type OnApplicationShutdown } from '@nestjs/common';

/** Under which S3 is injected; null where there is none. */
export const objectStore = Symbol('where uploads lie');

@Module({})
export class ObjectsModule implements OnApplicationShutdown {
  static forRoot(s3: S3Settings | undefined): DynamicModule {
    const provider = { provide: objectStore, useFactory: () => (s3 ? openS3(s3) : null) };
    return { module: ObjectsModule, global: true, providers: [provider], exports: [objectStore] };
  }

  constructor(@Inject(objectStore) private readonly objects: ObjectStore | null) {}

  onApplicationShutdown(): void {
    this.objects?.close();
  }
}
