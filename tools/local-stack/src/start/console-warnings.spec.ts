import { consoleWarning } from './console-warnings.js';

test.each([
  ['{"level":30,"msg":"listening"}', undefined],
  ['', undefined],
  ['{"level":40,"msg":"lag"}', 'relay warn: lag'],
  [
    '{"level":50,"msg":"publish failed","err":{"message":"no broker"}}',
    'relay error: publish failed: no broker',
  ],
  ['{"level":50,"msg":"no broker","err":{"message":"no broker"}}', 'relay error: no broker'],
  ['Error: Cannot find module', 'relay: Error: Cannot find module'],
  ['{ cut short', 'relay: { cut short'],
])('%s', (line, shown) => {
  expect(consoleWarning('relay', line)).toBe(shown);
});
