import { getEventListeners } from 'node:events';
import { linkSignals } from './link-signals.js';

it('aborts with the first, for its reason, and lets go of all', () => {
  const [one, two] = [new AbortController(), new AbortController()];
  const linked = linkSignals(one.signal, undefined, two.signal);
  expect(linked.signal.aborted).toBe(false);
  two.abort('enough');
  expect(linked.signal.reason).toBe('enough');
  linked.unlink();
  expect(getEventListeners(one.signal, 'abort')).toEqual([]);
  expect(linkSignals(two.signal).signal.reason).toBe('enough');
});
