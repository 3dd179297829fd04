import { defaultWebhookSchedule } from '@baton/contracts';
import fc from 'fast-check';
import { type Answer, judgeAnswer, retryAfterOf, type Terms } from './judge-answer.js';

const hour = 3_600_000;
const first: Terms = { step: 0, tiers: true };
const middle = 0.5; // no jitter

it.each<[string, Answer, Partial<Terms>, object]>([
  [
    '2xx',
    { status: 204 },
    {},
    { outcome: 'delivered', state: 'delivered', usesStep: false, receiver: 'well' },
  ],
  ['410', { status: 410 }, {}, { outcome: 'gone', state: 'dead' }],
  [
    '408',
    { status: 408 },
    {},
    { outcome: 'throttled', state: 'pending', delayMs: 5_000, usesStep: true, receiver: undefined },
  ],
  ['425', { status: 425 }, {}, { outcome: 'throttled', state: 'pending', delayMs: 5_000 }],
  ['429 that wants less', { status: 429, retryAfterMs: 1_000 }, {}, { state: 'pending', delayMs: 5_000 }],
  ['429 that wants what is allowed', { status: 429, retryAfterMs: 7_000 }, {}, { delayMs: 7_000 }],
  ['429 that wants more', { status: 429, retryAfterMs: 60_000 }, {}, { delayMs: 10_000 }],
  [
    '503 with a time',
    { status: 503, retryAfterMs: 8_000 },
    {},
    { outcome: 'throttled', delayMs: 8_000, receiver: undefined },
  ],
  ['503 without one', { status: 503 }, {}, { outcome: 'failed', delayMs: 5_000, receiver: 'failed' }],
  [
    '500',
    { status: 500 },
    { step: 1 },
    { outcome: 'failed', state: 'pending', delayMs: 300_000, usesStep: true },
  ],
  [
    'a broken connection',
    { fault: 'unreachable' },
    {},
    { outcome: 'unreachable', state: 'pending', delayMs: 5_000, receiver: 'failed' },
  ],
  ['no answer', { fault: 'timeout' }, {}, { outcome: 'timeout', state: 'pending', delayMs: hour }],
  ['no answer, later step', { fault: 'timeout' }, { step: 4 }, { delayMs: 5 * hour }],
  ['no answer, no tiers', { fault: 'timeout' }, { tiers: false }, { delayMs: 5_000 }],
  ['a redirect', { status: 301 }, {}, { outcome: 'refused', state: 'dead', receiver: 'failed' }],
  ['a redirect, no tiers', { status: 302 }, { tiers: false }, { state: 'pending', delayMs: 5_000 }],
  ['404', { status: 404 }, {}, { outcome: 'refused', state: 'dead' }],
  ['404, no tiers', { status: 404 }, { tiers: false }, { state: 'pending', delayMs: 5_000 }],
  [
    'the last try',
    { status: 500 },
    { step: 9 },
    { outcome: 'failed', state: 'dead', reason: 'its 10 tries are used up' },
  ],
  ['the last try, throttled', { status: 429, retryAfterMs: 1 }, { step: 9 }, { state: 'dead' }],
  [
    'a schedule of its own',
    { status: 500 },
    { schedule: [0, hour, 3 * hour, 6 * hour], step: 1 },
    { delayMs: 3 * hour },
  ],
])('judges %s', (_name, answer, terms, expected) => {
  expect(judgeAnswer(answer, { ...first, ...terms }, middle)).toMatchObject(expected);
});

it('holds every next try within a tenth of its step, and a time that was named within twice of it', () => {
  const step = fc.integer({ min: 0, max: defaultWebhookSchedule.length - 2 });
  fc.assert(
    fc.property(
      step,
      fc.double({ min: 0, max: 0.999, noNaN: true }),
      fc.nat(),
      (at, random, retryAfterMs) => {
        const base = defaultWebhookSchedule[at + 1]!;
        const { delayMs } = judgeAnswer({ status: 500 }, { step: at, tiers: true }, random);
        expect(Math.abs(delayMs - base)).toBeLessThanOrEqual(base / 10 + 1);
        const throttled = judgeAnswer({ status: 429, retryAfterMs }, { step: at, tiers: true }, random);
        expect(throttled.delayMs).toBeGreaterThanOrEqual(base);
        expect(throttled.delayMs).toBeLessThanOrEqual(2 * base);
      },
    ),
  );
});

it('lasts about three days by default', () => {
  const whole = defaultWebhookSchedule.reduce((sum, ms) => sum + ms, 0);
  expect(whole).toBe(75 * hour + 35 * 60_000 + 5_000);
});

it.each<[string | undefined, number | undefined]>([
  [undefined, undefined],
  ['', undefined],
  ['120', 120_000],
  ['soon', undefined],
  ['Thu, 01 Jan 1970 00:01:00 GMT', 50_000],
  ['Thu, 01 Jan 1970 00:00:01 GMT', 0],
])('reads Retry-After %j', (header, ms) => {
  expect(retryAfterOf(header, 10_000)).toBe(ms);
});
