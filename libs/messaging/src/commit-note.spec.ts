import { readCommitNote, writeCommitNote } from './commit-note.js';

test.each([
  { terms: '7:5,8:1', enteredTo: 1_200n },
  { terms: '', enteredTo: undefined },
  { terms: '', enteredTo: 0n },
])('reads what it has written: %p', (note) => {
  expect(readCommitNote(writeCommitNote(note))).toEqual(note);
});

test.each([undefined, '', '7:5,8:1'])('reads what older workers wrote: %p', (metadata) => {
  expect(readCommitNote(metadata)).toEqual({ terms: metadata ?? '', enteredTo: undefined });
});

test.each(['v2 entered=1 terms=', 'v1 entered=-1 terms=', 'anything'])('refuses %p', (metadata) => {
  expect(() => readCommitNote(metadata)).toThrow(`The metadata "${metadata}" of a commit cannot be read`);
});
