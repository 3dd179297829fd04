import type { ParentRef } from '@baton/persistence';
import { invalidRequest } from '@baton/service';
import type { FlowJobInput } from './flow-input.schema.js';

type Node = Pick<FlowJobInput, 'name' | 'dependsOn'>;

/**
 * Checks that names are given once, that parents are jobs of the flow, and that no job comes to wait for itself.
 * @throws BatonError `invalid_request`, with the names at fault
 */
export function checkGraph(jobs: readonly Node[]): void {
  const nodes = new Map<string, Node>();
  const faults: { path: string; message: string }[] = [];
  jobs.forEach((job, i) => {
    if (nodes.has(job.name)) faults.push({ path: `jobs.${i}.name`, message: `"${job.name}" is given twice` });
    nodes.set(job.name, job);
  });
  jobs.forEach(({ dependsOn = [] }, i) => {
    for (const { job } of dependsOn)
      if (!nodes.has(job))
        faults.push({ path: `jobs.${i}.dependsOn`, message: `no job of this flow is named "${job}"` });
  });
  if (faults.length > 0) throw invalidRequest(faults);
  const cycle = findCycle(nodes);
  if (cycle)
    throw invalidRequest([{ path: 'jobs', message: `jobs wait for each other: ${cycle.join(' → ')}` }]);
}

/** Each job's parents, once the jobs have their ids. */
export function parentsByName(jobs: readonly Node[], ids: readonly string[]): (ParentRef[] | undefined)[] {
  const idOf = new Map(jobs.map(({ name }, i) => [name, ids[i]!]));
  return jobs.map(({ dependsOn }) =>
    dependsOn?.map(({ job, onFailure }) => ({ jobId: idOf.get(job)!, onFailure, name: job })),
  );
}

/**
 * Walks from each job to its parents, without recursion: a flow may be a chain of 10,000.
 * @returns the names round the cycle, the first again at the end
 */
function findCycle(nodes: ReadonlyMap<string, Node>): string[] | undefined {
  const finished = new Set<string>();
  for (const start of nodes.keys()) {
    const path: { name: string; next: number }[] = finished.has(start) ? [] : [{ name: start, next: 0 }];
    const onPath = new Set([start]);
    while (path.length > 0) {
      const at = path.at(-1)!;
      const parent = nodes.get(at.name)?.dependsOn?.[at.next++]?.job;
      if (parent === undefined) {
        finished.add(at.name);
        onPath.delete(at.name);
        path.pop();
      } else if (onPath.has(parent)) {
        const names = path.map(({ name }) => name);
        // From a job to those that wait for it, as the work would flow.
        return [...names.slice(names.indexOf(parent)), parent].reverse();
      } else if (!finished.has(parent)) {
        onPath.add(parent);
        path.push({ name: parent, next: 0 });
      }
    }
  }
  return undefined;
}
