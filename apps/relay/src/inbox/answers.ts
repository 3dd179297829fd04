import type { Settled } from '@baton/persistence';

/**
 * What workers must hear of their words: which executions run in vain, and of those that ask whether they may be entered
 * which own their attempts. Of an outcome that was refused nobody needs to hear.
 */
export function answersTo(settled: readonly Settled[]): { refused: Settled[]; granted: Settled[] } {
  const owns = ({ verdict, state }: Settled): boolean =>
    verdict === 'duplicate' || (verdict === 'applied' && state === 'running');
  return {
    refused: settled.filter(
      ({ verdict, settlement: { kind } }) =>
        verdict === 'refused' && (kind === 'started' || kind === 'progress'),
    ),
    granted: settled.filter((each) => each.settlement.asks && owns(each)),
  };
}
