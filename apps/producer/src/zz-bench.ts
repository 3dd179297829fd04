import { readFileSync } from 'node:fs';
import { Database, migrate, seedDevelopment } from '@baton/persistence';
import { createTestStack } from '@baton/local-stack';
import { spawn } from 'node:child_process';
const stack = await createTestStack({ postgresSettings: { fsync: 'on', synchronous_commit: 'on', full_page_writes: 'on' } });
await migrate(stack.databaseUrl);
const db = await Database.open(stack.databaseUrl, { applicationName: 'bench' });
const { tenants } = await seedDevelopment(db, { tenants: [{ name: 'acme' }] });
await db.pool.query("INSERT INTO baton.queue (name) VALUES ('echo')");
console.log((await db.pool.query("select name, setting from pg_settings where name in ('fsync','synchronous_commit')")).rows);
for (const RAW of ['', '1', '', '1', '', '1']) {
const child = spawn(process.execPath, ['--conditions=@baton/source', '--import', '/work/main/tools/ts-hook.mjs', '/work/main/apps/producer/src/main.ts'], { stdio: ['ignore', 'inherit', 'inherit'], env: { ...process.env, RAW, DATABASE_URL: stack.databaseUrl, PORT: '3999', BATON_MASTER_KEY: 'ab'.repeat(32), LOG_LEVEL: 'warn' } });
for (;;) { try { if ((await fetch('http://127.0.0.1:3999/readyz')).ok) break; } catch {} await new Promise(r => setTimeout(r, 100)); }
const load = (...args: string[]) => new Promise<void>((resolve) => spawn(process.execPath, ['/tmp/bench/load.mjs', tenants[0]!.apiKey, ...args], { stdio: 'inherit', cwd: '/work/main' }).on('exit', () => resolve()));
const cpu = () => { const f = readFileSync('/proc/' + child.pid + '/stat', 'utf8').split(' '); return (Number(f[13]) + Number(f[14])) * 10_000; };
const jobsN = async () => (await db.pool.query<{n:number}>('select count(*)::int n from baton.job')).rows[0]!.n;
await load('64'); for (const c of ['64', '1']) { const c0 = cpu(), n0 = await jobsN(); await load(c); console.log('RAW=' + RAW, c, 'server CPU us/request', Math.round((cpu() - c0) / (await jobsN() - n0))); }
child.kill('SIGTERM'); await new Promise(r => child.on('exit', r));
await db.pool.query('truncate baton.job');
}
await db.close(); await stack.stop(); process.exit(0);
