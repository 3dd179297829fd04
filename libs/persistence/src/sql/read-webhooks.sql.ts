import { run, type Queryable } from './statement.js';

const text = (table: string): string => `
SELECT id AS "jobId", webhook, subscribed FROM ${table} WHERE id = ANY ($1::uuid[]) AND (webhook IS NOT NULL OR subscribed)`;
const texts = { live: text('baton.job'), ended: text('baton.job_history') };

/** Those of the jobs of whose events somebody may be told, with what they say of it themselves. */
export function readWebhooks(
  db: Queryable,
  jobIds: readonly string[],
  source: keyof typeof texts,
): Promise<{ jobId: string; webhook: string | null; subscribed: boolean }[]> {
  return run(db, `read-webhooks-${source}`, texts[source], [jobIds]);
}
