import { Fleet } from './harness/fleet.js';
it('polls', async () => {
  const fleet = await Fleet.start({ kafka: false, redis: false, services: ['producer', 'result-gateway', 'polling-worker'], environment: { LOG_LEVEL: 'warn', OTEL_TRACES_SAMPLER: 'always_off', ...(process.env['FLEETENV'] ? JSON.parse(process.env['FLEETENV']) as Record<string,string> : {}) } });
  try {
    const { client } = await fleet.tenant();
    const ids: string[] = [];
    for (let round = 0; round < 4; round++) {
    const a: number[] = [], b: number[] = []; 
    for (let i = 0; i < 300; i++) { const t = performance.now(); const j = await client.enqueue('echo', i); const m = performance.now(); await client.wait(j); a.push(m - t); b.push(performance.now() - m); if (round === 3) ids.push(j.id); }
    const p = (x: number[], q: number) => x.sort((y, z) => y - z)[Math.floor(x.length * q)]!.toFixed(2);
    console.log('post', p(a, .5), p(a, .99), 'wait', p(b, .5), p(b, .99));
    }
    const { rows } = await fleet.database.pool.query(`select percentile_cont(0.5) within group (order by extract(epoch from started_at - created_at)*1000) as claim, percentile_cont(0.5) within group (order by extract(epoch from finished_at - started_at)*1000) as settle from baton.job_history where id = any($1)`, [ids]);
    console.log(rows);
    for (let round = 0; round < 3; round++) {
    const t1 = performance.now();
    await Promise.all(Array.from({ length: 20 }, async () => { for (let i = 0; i < 50; i++) { const j = await client.enqueue('echo', i); await client.wait(j); } }));
    console.log('1000 by 20:', 1000 / ((performance.now() - t1) / 1000), '/s');
    }
  } finally { await fleet.stop(); }
});
