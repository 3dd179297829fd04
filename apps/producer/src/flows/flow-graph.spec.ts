import { BatonError } from '@baton/contracts';
import { checkGraph, parentsByName } from './flow-graph.js';

const node = (name: string, ...parents: string[]) => ({
  name,
  dependsOn: parents.map((job) => ({ job, onFailure: 'cancel' as const })),
});

function faultOf(...jobs: ReturnType<typeof node>[]): string {
  try {
    checkGraph(jobs);
  } catch (error) {
    if (BatonError.is(error)) return error.message;
    throw error;
  }
  return 'none';
}

it('takes a graph in any order of its jobs, however deep', () => {
  expect(faultOf(node('c', 'a', 'b'), node('a'), node('b', 'a'))).toBe('none');
  const chain = Array.from({ length: 10_000 }, (_, i) => (i === 0 ? node('n0') : node(`n${i}`, `n${i - 1}`)));
  expect(faultOf(...chain.reverse())).toBe('none');
});

it('names the cycle, the unknown and the double', () => {
  expect(faultOf(node('a', 'c'), node('b', 'a'), node('c', 'b'))).toMatch(
    /(a → b → c → a|b → c → a → b|c → a → b → c)/,
  );
  expect(faultOf(node('x'), node('a', 'a'))).toContain('a → a');
  expect(faultOf(node('a', 'nobody'))).toContain('"nobody"');
  expect(faultOf(node('a'), node('a'))).toContain('"a" is given twice');
});

it('tells parents by id and name', () => {
  expect(parentsByName([node('a'), { name: 'b' }, node('c', 'a')], ['1', '2', '3'])).toEqual([
    [],
    undefined,
    [{ jobId: '1', onFailure: 'cancel', name: 'a' }],
  ]);
});
