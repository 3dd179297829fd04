import type { DispatchMode } from '@baton/contracts';
import { seedTenant, type SeededTenant } from './seed.js';
import { createTestDatabase, type TestDatabase } from './test-database.js';

/** A spec file's database, and the tenant of the test that runs. */
export interface SpecDatabase extends TestDatabase {
  /** A test may go on with another. */
  tenant: SeededTenant;
}

/**
 * A database for the tests of one file: made before the first and dropped after the last. Each test has a tenant and a
 * queue of its own, made before the file's own `beforeEach`.
 * @param mode of the queues
 */
export function useTestDatabase(mode: DispatchMode = 'polling'): SpecDatabase {
  let made: TestDatabase | undefined;
  let tenant: SeededTenant | undefined;
  beforeAll(async () => {
    made = await createTestDatabase();
  });
  beforeEach(async () => {
    tenant = await seedTenant(there(made).database, mode);
  });
  afterAll(() => made?.close());
  return {
    get url() {
      return there(made).url;
    },
    get database() {
      return there(made).database;
    },
    get tenant() {
      return there(tenant);
    },
    set tenant(other) {
      tenant = other;
    },
    shiftClock: (ms) => there(made).shiftClock(ms),
    close: () => there(made).close(),
  };
}

function there<T>(made: T | undefined): T {
  if (made === undefined) throw new TypeError('it is there from the first test on, not before');
  return made;
}
