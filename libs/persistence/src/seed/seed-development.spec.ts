import { createHash } from 'node:crypto';
import { scopes } from '@baton/contracts';
import { findApiKey } from '../sql/find-api-key.sql.js';
import { createTestDatabase, type TestDatabase } from '../testing.js';
import { seedDevelopment } from './seed-development.js';

let test: TestDatabase;

beforeAll(async () => {
  test = await createTestDatabase();
});
afterAll(() => test.close());

it('makes tenants with a key each, and keeps them when called again', async () => {
  const first = await seedDevelopment(test.database, { tenants: [{ name: 'acme' }, { name: 'globex' }] });
  expect(first.tenants.map((tenant) => tenant.name)).toEqual(['acme', 'globex']);
  expect(await seedDevelopment(test.database, first)).toEqual(first);

  const [acme, globex] = await Promise.all(
    first.tenants.map(({ apiKey }) =>
      findApiKey(test.database.pool, createHash('sha256').update(apiKey).digest()),
    ),
  );
  expect(acme).toMatchObject({ tenantId: first.tenants[0]?.tenantId, scopes, disabled: false });
  expect(globex).toMatchObject({ tenantName: 'globex' });
  expect(globex?.scopes).not.toContain('tenants:admin');
  const { rowCount } = await test.database.pool.query('SELECT FROM baton.api_key');
  expect(rowCount).toBe(2);
});
