export { createTestDatabase, type TestDatabase } from './testing/test-database.js';
export { useTestDatabase, type SpecDatabase } from './testing/use-test-database.js';
export { seedJobs, seedTenant, type SeededTenant } from './testing/seed.js';
