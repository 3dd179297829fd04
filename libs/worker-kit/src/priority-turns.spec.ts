import { PriorityTurns } from './priority-turns.js';

it('offers the 16th of 32 takes to low and the 32nd to normal, one by one or many at once', () => {
  const one = new PriorityTurns();
  const offered: string[] = [];
  for (let take = 1; take <= 64; take++) {
    const { low, normal } = one.due(1);
    if (low) offered.push(`low ${take}`);
    if (normal) offered.push(`normal ${take}`);
    one.took(1);
  }
  expect(offered).toEqual(['low 16', 'normal 32', 'low 48', 'normal 64']);
  const many = new PriorityTurns();
  expect(many.due(500)).toEqual({ low: 16, normal: 15 });
  many.took(10);
  expect(many.due(5)).toEqual({ low: 0, normal: 0 });
  expect(many.due(6)).toEqual({ low: 1, normal: 0 });
  expect(many.due(22)).toEqual({ low: 1, normal: 1 });
});
