import fc from 'fast-check';
import { elementsOf, memberOf, valueAt } from './json-text.js';

function slice(text: string, name: string): string | undefined {
  const span = memberOf(text, valueAt(text, 0), name);
  return span && text.slice(span.start, span.end);
}

it('finds a member as it was spelled', () => {
  const text = ' { "a" : "pay\\"load" ,"payload":\n{ "n": 1.0e3, "s": "}]\\\\" } , "z":[{"payload":2}]}';
  expect(slice(text, 'payload')).toBe('{ "n": 1.0e3, "s": "}]\\\\" }');
  expect(slice(text, 'z')).toBe('[{"payload":2}]');
  expect(slice(text, 'n')).toBeUndefined();
  expect(slice('{}', 'a')).toBeUndefined();
});

it('takes the last of two, and knows a name by any spelling', () => {
  expect(slice('{"payload":1,"p\\u0061yload":2}', 'payload')).toBe('2');
});

it('keeps numbers that JavaScript would round', () => {
  expect(slice('{"payload":12345678901234567890}', 'payload')).toBe('12345678901234567890');
});

it('does not recurse into deep nesting', () => {
  const deep = '['.repeat(200_000) + ']'.repeat(200_000);
  expect(slice(`{"payload":${deep}}`, 'payload')).toBe(deep);
});

it('agrees with JSON.parse on any object and array', () => {
  const spaced = fc
    .tuple(fc.json(), fc.constantFrom(0, 1, 3))
    .map(([text, indent]) => JSON.stringify(JSON.parse(text), null, indent));
  fc.assert(
    fc.property(fc.dictionary(fc.string(), spaced), (members) => {
      const text = `{${Object.entries(members)
        .map(([name, value]) => `${JSON.stringify(name)}: ${value}`)
        .join(' ,')} }`;
      for (const [name, value] of Object.entries(members)) expect(slice(text, name)).toBe(value);
      const array = `[ ${Object.values(members).join(',\n')} ]`;
      const found = Array.from(elementsOf(array, valueAt(array, 0)), ({ start, end }) =>
        array.slice(start, end),
      );
      expect(found).toEqual(Object.values(members));
    }),
  );
});
