import { jest } from '@jest/globals';
import { timing } from '@baton/contracts';
import { Heartbeats } from './heartbeats.js';
import type { Word } from './words.js';

let said: string[][];
let acks: (() => void)[];
let lapses: number;
let heartbeats: Heartbeats;

beforeEach(() => {
  jest.useFakeTimers();
  said = [];
  acks = [];
  lapses = 0;
  const say = ({ event: { event } }: Word, onAcked?: () => void): void => {
    if (event.case === 'heartbeat') said.push(event.value.executionIds);
    if (onAcked) acks.push(onAcked);
  };
  heartbeats = new Heartbeats({ say }, () => void lapses++);
});
afterEach(() => {
  expect(jest.getTimerCount()).toBe(0);
  jest.useRealTimers();
});

const beat = (times = 1): void => jest.advanceTimersByTime(times * timing.heartbeatMs);
const ack = (): void => acks.splice(0).forEach((acked) => acked());

it('names what runs, each 2 s, and is silent when nothing does', () => {
  heartbeats.add('a');
  beat();
  ack();
  heartbeats.add('b');
  beat();
  ack();
  heartbeats.delete('a');
  beat();
  ack();
  heartbeats.delete('b');
  beat(3);
  expect(said).toEqual([['a'], ['a', 'b'], ['b']]);
  expect(lapses).toBe(0);
});

it('says no second one while the first is not heard, and tells of the lapse once', () => {
  heartbeats.add('a');
  beat(4);
  expect(said).toEqual([['a']]);
  ack();
  expect(lapses).toBe(1);
  beat();
  ack();
  expect(lapses).toBe(1);
  heartbeats.stop();
});
