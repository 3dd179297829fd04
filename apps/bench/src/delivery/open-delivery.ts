import type { DispatchMode } from '@baton/contracts';
import { BatonDeployment } from '../contenders/baton/baton-deployment.js';
import type { BenchContext } from '../run/bench-context.js';

/** Jobs that the worker runs at once: they do nothing, so it is never what is waited for. */
const concurrency = 100;
let opened = 0;

/** All of Baton, with one queue of no-op jobs, whose gateway may call receivers on loopback. */
export async function openDelivery(
  context: BenchContext,
  mode: DispatchMode,
  queueSettings: object,
): Promise<{ deployment: BatonDeployment; queue: string }> {
  const queue = `delivery-${mode}-${++opened}`;
  const { sampledShare } = context.settings;
  const deployment = await BatonDeployment.prepare(context, {
    mode,
    queue,
    concurrency,
    sampledShare,
    environment: { WEBHOOK_ALLOW: '127.0.0.0/8' },
  });
  try {
    await deployment.start('producer', 'result-gateway');
    await deployment.putQueue(queueSettings);
    await deployment.start('relay', 'worker');
    return { deployment, queue };
  } catch (error) {
    await deployment.close();
    throw error;
  }
}
