/**
 * SQL: whether an endpoint of the tenant is told of every job of the queue. The first condition is asked once a
 * statement, so that where no endpoint has subscribed, jobs pay nothing.
 * @param tenant the expression that gives the tenant's id, and so on
 */
export function subscribed(tenant: string, queue: string): string {
  return `((SELECT EXISTS (SELECT FROM baton.webhook_endpoint WHERE queues IS NOT NULL)) AND EXISTS (
      SELECT FROM baton.webhook_endpoint e WHERE e.tenant_id = ${tenant} AND e.queues && ARRAY['*', ${queue}]))`;
}
