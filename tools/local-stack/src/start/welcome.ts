import type { LocalDeployment } from './local-files.js';

/** The last words of a start: where everything is, and a request that works as it stands. */
export function welcome(deployment: LocalDeployment): string {
  const { producer, gateway, apiKey, databaseUrl, kafkaBrokers, redisUrl, s3, modes } = deployment;
  const rows = [
    ['producer', `${producer}  (its API: ${producer}/docs)`],
    ['result-gateway', `${gateway}  (its API: ${gateway}/docs)`],
    ...(deployment.console ? [['console', deployment.console]] : []),
    ['PostgreSQL', databaseUrl],
    ...(kafkaBrokers ? [['Kafka', kafkaBrokers]] : []),
    ...(redisUrl ? [['Redis', redisUrl]] : []),
    ...(s3 ? [['S3', `${s3.endpoint}/${s3.bucket}`]] : []),
    ['modes', modes.join(', ')],
    ['API key', apiKey],
  ];
  const table = rows.map(([name = '', value = '']) => `  ${name.padEnd(15)} ${value}`).join('\n');
  return `
Baton is ready. Addresses and keys are also in .baton/local.json, logs in .baton/log.

${table}

Try it:
  ID=$(curl -s ${producer}/v1/jobs -H 'Authorization: Bearer ${apiKey}' -H 'Content-Type: application/json' \\
    -d '{"queue":"echo","payload":{"hello":"world"}}' | sed 's/^{"id":"\\([^"]*\\)".*/\\1/')
  curl -s ${gateway}/v1/results/$ID -H 'Authorization: Bearer ${apiKey}' -H 'Prefer: wait=10'

Ctrl-C ends it; the data stays.
`;
}
