import { Ownership } from './ownership.js';

it('asks again when the broker has had the question for a while and nobody answers, until it is answered', async () => {
  const ownership = new Ownership(1);
  const thrice = Promise.withResolvers<void>();
  const acks: (() => void)[] = [];
  const owns = ownership.ask('a', (onAcked) => {
    acks.push(onAcked);
    if (acks.length === 3) thrice.resolve();
    else onAcked();
  });
  await thrice.promise; // of the third the broker has no word yet: nothing more is said behind it
  ownership.answer('b', false);
  ownership.answer('a', true);
  ownership.answer('a', false);
  expect(await owns).toBe(true);
  acks[2]!();
  expect(acks).toHaveLength(3);
});

it('leaves open what is open when it is closed', async () => {
  const ownership = new Ownership(1);
  const answers: boolean[] = [];
  void ownership.ask('a', (onAcked) => onAcked()).then((owns) => answers.push(owns));
  ownership.close();
  ownership.answer('a', true);
  await new Promise((resolve) => setImmediate(resolve));
  expect(answers).toEqual([]);
});
