import { parseStartArguments } from './start-arguments.js';

test('all modes unless polling alone is asked for', () => {
  expect(parseStartArguments([])).toEqual({ mode: 'event', help: false });
  expect(parseStartArguments(['--mode', 'polling'])).toEqual({ mode: 'polling', help: false });
  expect(parseStartArguments(['--mode=polling', '-h'])).toEqual({ mode: 'polling', help: true });
});

test.each([
  [['--mode', 'fast'], '--mode is "fast"; allowed is polling or event'],
  [['--mode'], '--mode is not followed by a value; allowed is polling or event'],
  [['--port'], 'Unknown argument "--port"; allowed are --mode and --help'],
])('%j is refused in words', (args, message) => {
  expect(() => parseStartArguments(args)).toThrow(message);
});
