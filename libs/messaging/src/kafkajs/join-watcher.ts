import type { PartitionAssigner } from 'kafkajs';
import { PartitionAssigners } from './library.js';

/**
 * kafkajs's round-robin assigner, which tells when a join begins: kafkajs asks it for the member's
 * protocol just before the request. From there to the end of the join the member has no certain
 * assignment, and kafkajs has no event that says so for each way into a join.
 */
export function joinWatcher(onJoining: () => void): PartitionAssigner {
  return (config) => {
    const assigner = PartitionAssigners.roundRobin(config);
    return {
      name: assigner.name,
      version: assigner.version,
      assign: (group) => assigner.assign(group),
      protocol: (subscription) => {
        onJoining();
        return assigner.protocol(subscription);
      },
    };
  };
}
