/** Each night at half past two in Berlin; a night on which nothing could fire it is made up for as soon as something can. */
const schedule = {
  cron: '30 2 * * *',
  timezone: 'Europe/Berlin',
  catchUp: 'one',
  payload: { kind: 'daily' },
  // Should one take until the next, they run one after the other.
  orderingKey: 'nightly-report',
  expectWithin: '2h',
};

/**
 * Said again it changes nothing: for a deployment's start.
 * @returns when it runs next, ISO 8601
 * @throws Error with what the service said against it
 */
export async function scheduleReport(
  { url, apiKey }: { url: string; apiKey: string },
  queue: string,
  payload: Record<string, unknown> = {},
): Promise<string> {
  const answer = await fetch(`${url}/v1/schedules/nightly-report`, {
    method: 'PUT',
    headers: { authorization: `Bearer ${apiKey}`, 'content-type': 'application/json' },
    body: JSON.stringify({ ...schedule, queue, payload: { ...schedule.payload, ...payload } }),
  });
  if (!answer.ok) throw new Error(`the schedule of ${queue} was refused: ${await answer.text()}`);
  const { nextRuns } = (await answer.json()) as { nextRuns: [string] };
  return nextRuns[0];
}
