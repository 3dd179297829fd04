import type { ServiceName } from '@baton/local-stack';
import type { ContenderId } from '../arguments/bench-arguments.js';

/** The servers that these contenders, and the limits, cannot do without. */
export function neededServers(
  contenders: readonly ContenderId[],
  limits: boolean,
): { services: ServiceName[]; durableRedis: boolean } {
  const hasEvent = contenders.some((id) => id.startsWith('baton-event'));
  return {
    services: [
      'postgres',
      ...(hasEvent || limits ? (['kafka'] as const) : []),
      ...(hasEvent ? (['redis'] as const) : []),
    ],
    durableRedis: contenders.includes('bullmq'),
  };
}
