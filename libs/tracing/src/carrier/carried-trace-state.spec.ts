import { CarriedTraceState } from './carried-trace-state.js';

test('gives back what came, until a member is set', () => {
  const raw = ' a=1 ,b=2,, c=3';
  const state = new CarriedTraceState(raw);
  expect(state.serialize()).toBe(raw);
  expect(state.get('a')).toBe('1');
  expect(state.get('z')).toBeUndefined();
});

test('a member that is set comes first, and replaces its old value', () => {
  const state = new CarriedTraceState('a=1,b=2').set('b', '3');
  expect(state.serialize()).toBe('b=3,a=1');
  expect(state.unset('b').serialize()).toBe('a=1');
});

test('32 members at most are kept, the oldest go', () => {
  const full = Array.from({ length: 32 }, (_, i) => `v${i}=1`).join(',');
  const state = new CarriedTraceState(full).set('new', '1').serialize().split(',');
  expect(state).toHaveLength(32);
  expect(state.at(0)).toBe('new=1');
  expect(state.at(-1)).toBe('v30=1');
});
