import { readFileSync } from 'node:fs';
import { isTerminal, jobStates, mayMove, transitions } from './states.js';

const page = readFileSync(new URL('../../../docs/state-machine.md', import.meta.url), 'utf8');

it('is drawn in docs/state-machine.md, move by move', () => {
  const drawn = [...page.matchAll(/^ {2}(\[\*\]|\w+) --> (\w+): (\w+)$/gm)].map(
    ([, from, to, by]) => `${from === '[*]' ? 'none' : from} ${to} ${by}`,
  );
  expect(drawn.sort()).toEqual(transitions.map(({ from, to, by }) => `${from} ${to} ${by}`).sort());
});

it('leads from every state to an end, and from no end anywhere', () => {
  for (const state of jobStates) {
    const next = transitions.filter((move) => move.from === state);
    // A dead job may be replayed; nothing moves the other terminal ones.
    expect(next.length > 0).toBe(!isTerminal(state) || state === 'dead');
  }
  expect(mayMove('scheduled', 'running')).toBe(false);
  expect(mayMove('none', 'queued')).toBe(true);
});
