import { consoleWarning } from './console-warnings.js';

test.each([
  ['{"level":"info","msg":"listening"}', undefined],
  ['', undefined],
  ['{"level":"warn","msg":"lag"}', 'relay warn: lag'],
  [
    '{"level":"error","msg":"publish failed","err":{"message":"no broker"}}',
    'relay error: publish failed: no broker',
  ],
  ['{"level":"error","msg":"no broker","err":{"message":"no broker"}}', 'relay error: no broker'],
  ['Error: Cannot find module', 'relay: Error: Cannot find module'],
  ['{ cut short', 'relay: { cut short'],
])('%s', (line, shown) => {
  expect(consoleWarning('relay', line)).toBe(shown);
});
