import net from 'node:net';
import { Database } from '../database/database.js';
import { keptColumns } from '../sql/job-columns.js';
import { createTestDatabase, type SeededTenant, seedTenant, type TestDatabase } from '../testing.js';
import { keyed, newJob, requestFor, testAcceptor } from './testing.js';

/** Where the connection is cut: on the COMMIT's way to the server, on its answer's way back, or not at all. */
type Cut = 'none' | 'commit' | 'answer';

let test: TestDatabase;
let tenant: SeededTenant;
let proxy: CuttingProxy;
let proxied: Database;

beforeAll(async () => {
  test = await createTestDatabase();
  proxy = await CuttingProxy.start(test.url);
  proxied = await Database.open(proxy.url, { applicationName: 'proxied', max: 4 });
});
afterAll(async () => {
  await proxied.close();
  await proxy.close();
  await test.close();
});
beforeEach(async () => {
  tenant = await seedTenant(test.database);
});

async function transactions(): Promise<string[]> {
  const { rows } = await test.database.pool.query<{ tx: string }>(
    'SELECT xmin::text AS tx FROM baton.job WHERE tenant_id = $1',
    [tenant.tenantId],
  );
  return rows.map((row) => row.tx);
}

it.each<Cut>(['commit', 'answer'])('accepts once when the connection is cut at the %s', async (cut) => {
  const { acceptor } = testAcceptor(proxied.pool);
  await acceptor.accept(requestFor(tenant));
  proxy.cutNext(cut);
  const batch = {
    tenantId: tenant.tenantId,
    jobs: [newJob(tenant.queue), newJob(tenant.queue, { orderingKey: 'a' })],
  };
  const { jobs, repeated } = await acceptor.accept(batch);
  expect(proxy.cuts).toBe(1);
  expect({ ids: jobs.map((job) => job.id), repeated }).toEqual({
    ids: batch.jobs.map((job) => job.id),
    repeated: false,
  });
  expect(await transactions()).toHaveLength(3);
});

it('knows a job that a worker has settled by the time it asks', async () => {
  const { acceptor } = testAcceptor(proxied.pool);
  proxy.cutNext('answer');
  proxy.beforeCut = async () => {
    await test.database.pool.query(
      `WITH gone AS (DELETE FROM baton.job WHERE tenant_id = $1 RETURNING *)
       INSERT INTO baton.job_history (${keptColumns}, state, failures, seq, finished_at)
       SELECT ${keptColumns}, 'succeeded', failures, seq, baton.now() FROM gone`,
      [tenant.tenantId],
    );
  };
  const { jobs } = await acceptor.accept(requestFor(tenant));
  expect(jobs).toHaveLength(1);
  expect(await transactions()).toHaveLength(0);
});

it('waits until a transaction in progress is decided', async () => {
  const { acceptor } = testAcceptor(proxied.pool);
  // The commit waits in the server for a lock, and the socket breaks meanwhile.
  await test.database.pool.query(`
    CREATE FUNCTION baton.slow() RETURNS trigger LANGUAGE plpgsql AS
      'BEGIN PERFORM pg_advisory_xact_lock_shared(7); RETURN NULL; END';
    CREATE CONSTRAINT TRIGGER slow AFTER INSERT ON baton.job DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION baton.slow()`);
  const holder = await test.database.pool.connect();
  await holder.query('SELECT pg_advisory_lock(7)');
  const before = await asks();
  proxy.cutNext('commit', { afterForwarding: true });
  let done = false;
  const accepted = acceptor.accept(requestFor(tenant)).finally(() => (done = true));
  const seen = new Set<string>();
  const until = Date.now() + 5_000;
  while (seen.size < 3 && Date.now() < until)
    for (const at of await asks()) if (!before.includes(at)) seen.add(at);
  expect(seen.size).toBe(3);
  expect(done).toBe(false);
  await holder.query('SELECT pg_advisory_unlock(7)');
  holder.release();
  await accepted;
  await test.database.pool.query('DROP FUNCTION baton.slow() CASCADE');
  expect(await transactions()).toHaveLength(1);
});

/** When the fate of a transaction was asked for last, a session. */
async function asks(): Promise<string[]> {
  const { rows } = await test.database.pool.query<{ at: string }>(
    `SELECT query_start::text AS at FROM pg_stat_activity
     WHERE datname = current_database() AND query LIKE 'SELECT pg_xact_status%'`,
  );
  return rows.map((row) => row.at);
}

it('retries when the server ends the session before the commit', async () => {
  const { acceptor } = testAcceptor(proxied.pool);
  let terminated = 0;
  proxy.onCommit = async () => {
    proxy.onCommit = undefined;
    const { rowCount } = await test.database.pool.query(
      `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'proxied' AND state = 'idle in transaction'`,
    );
    terminated = rowCount ?? 0;
  };
  const { repeated } = await acceptor.accept(keyed(requestFor(tenant), 'k'));
  expect({ terminated, repeated }).toEqual({ terminated: 1, repeated: false });
  expect(await transactions()).toHaveLength(1);
});

it('says that nothing was accepted when PostgreSQL stays away', async () => {
  const failures: string[] = [];
  const { acceptor } = testAcceptor(proxied.pool, (message) => failures.push(message));
  proxy.refuse = true;
  proxy.cutAll();
  await expect(acceptor.accept(requestFor(tenant))).rejects.toMatchObject({
    code: 'unavailable',
    retryable: true,
  });
  proxy.refuse = false;
  await acceptor.accept(requestFor(tenant));
  expect(failures).toHaveLength(1);
});

/** A TCP proxy before PostgreSQL that cuts a connection at its next COMMIT. */
class CuttingProxy {
  cuts = 0;
  refuse = false;
  beforeCut: (() => Promise<void>) | undefined;
  onCommit: (() => Promise<void>) | undefined;
  private next: Cut = 'none';
  private forwarding = false;
  private readonly pairs = new Set<() => void>();

  private constructor(
    private readonly server: net.Server,
    private readonly target: { host: string; port: number },
    readonly url: string,
  ) {
    server.on('connection', (client) => this.relay(client));
  }

  static async start(url: string): Promise<CuttingProxy> {
    const server = net.createServer();
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const proxied = new URL(url);
    const target = { host: proxied.hostname, port: Number(proxied.port) };
    proxied.hostname = '127.0.0.1';
    proxied.port = String((server.address() as net.AddressInfo).port);
    return new CuttingProxy(server, target, proxied.toString());
  }

  cutNext(cut: Cut, { afterForwarding = false } = {}): void {
    this.next = cut;
    this.cuts = 0;
    this.forwarding = afterForwarding;
    this.beforeCut = undefined;
  }

  cutAll(): void {
    for (const cut of this.pairs) cut();
  }

  async close(): Promise<void> {
    this.cutAll();
    await new Promise((resolve) => this.server.close(resolve));
  }

  private relay(client: net.Socket): void {
    if (this.refuse) return void client.destroy();
    const server = net.connect(this.target);
    const cut = (): void => {
      client.destroy();
      server.destroy();
    };
    this.pairs.add(cut);
    for (const socket of [client, server]) {
      socket.on('error', cut);
      socket.on('close', () => {
        cut();
        this.pairs.delete(cut);
      });
    }
    let cutAtAnswer = false;
    client.on('data', (data) => {
      if (!data.includes('COMMIT')) return void server.write(data);
      if (this.onCommit) return void this.onCommit().then(() => server.write(data));
      const { next } = this;
      this.next = 'none';
      if (next === 'none') return void server.write(data);
      this.cuts++;
      if (next === 'answer') {
        cutAtAnswer = true;
        server.write(data);
      } else if (this.forwarding) {
        server.write(data, () => client.destroy());
      } else {
        cut();
      }
    });
    server.on('data', (data) => {
      if (cutAtAnswer) void (this.beforeCut?.() ?? Promise.resolve()).then(cut);
      else client.write(data);
    });
  }
}
