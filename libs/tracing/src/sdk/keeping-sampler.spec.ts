import { ROOT_CONTEXT, SpanKind, trace, type Context } from '@opentelemetry/api';
import { SamplingDecision } from '@opentelemetry/sdk-trace';
import { keepSpan } from '../spans/keep-span.js';
import { makeSampler } from './keeping-sampler.js';
import { samplers, type SamplerName } from './tracing-config.js';

// The ratio is asked of the four words of the id, XORed: here that is the highest there is.
const traceId = 'ffffffff000000000000000000000000';
const under = (traceFlags: number): Context =>
  trace.setSpanContext(ROOT_CONTEXT, { traceId, spanId: '00f067aa0ba902b7', traceFlags, isRemote: true });

function samples(name: SamplerName, context: Context): boolean {
  const sampler = makeSampler({ sampler: name, samplerRatio: 0.5 });
  const { decision } = sampler.shouldSample(context, traceId, 'span', SpanKind.INTERNAL, {}, []);
  return decision === SamplingDecision.RECORD_AND_SAMPLED;
}

test.each([
  // a root whose id lies beyond the ratio, under a sampled parent, under an unsampled one, a root that must be kept
  ['always_on', [true, true, true, true]],
  ['always_off', [false, false, false, false]],
  ['traceidratio', [false, false, false, true]],
  ['parentbased_always_on', [true, true, false, true]],
  ['parentbased_always_off', [false, true, false, false]],
  ['parentbased_traceidratio', [false, true, false, true]],
] as const)('%s', (name, expected) => {
  const contexts = [ROOT_CONTEXT, under(1), under(0), keepSpan(ROOT_CONTEXT)];
  expect(contexts.map((context) => samples(name, context))).toEqual(expected);
});

test('every name has its sampler', () => {
  for (const sampler of samplers) expect(makeSampler({ sampler, samplerRatio: 1 }).toString()).not.toBe('');
});
