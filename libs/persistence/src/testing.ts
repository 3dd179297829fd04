export { createTestDatabase, type TestDatabase } from './testing/test-database.js';
export { seedJobs, seedTenant, type SeededTenant } from './testing/seed.js';
