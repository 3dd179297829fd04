import { preferredWait } from './prefer-wait.js';

it.each([
  [undefined, { ms: 0 }],
  ['respond-async', { ms: 0 }],
  ['wait=10', { ms: 10_000 }],
  ['respond-async, wait="20"', { ms: 20_000 }],
  ['wait=600', { ms: 60_000, advice: expect.stringContaining('60 s at most') as string }],
  ['wait', { ms: 0, advice: expect.stringContaining('needs whole seconds') as string }],
  ['wait=soon', { ms: 0, advice: expect.stringContaining('needs whole seconds') as string }],
])('%s', (prefer, wait) => expect(preferredWait(prefer, 0.5)).toEqual(wait));

it('moves the hold by 15 %, so that clients do not all come again together', () => {
  expect(preferredWait('wait=20', 0).ms).toBe(17_000);
  expect(preferredWait('wait=20', 0.999999).ms).toBe(23_000);
});
