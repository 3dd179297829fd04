import { TokenCredentials } from './credentials.js';

let nowMs: number;
const now = (): number => nowMs;
const tokenOf = (name: string, endsAt: number): string =>
  `x.${btoa(JSON.stringify({ name, exp: endsAt })).replaceAll('=', '')}.y`;

beforeEach(() => (nowMs = 0));

it('renews a token a minute before its end, once for all who ask', async () => {
  let made = 0;
  const fresh = tokenOf('fresh', 1_800);
  const credentials = new TokenCredentials(tokenOf('old', 900), async () => (made++, fresh), now);
  expect(credentials.renewAtMs).toBe(840_000);
  nowMs = 839_999;
  expect(await credentials.bearer()).toBe(tokenOf('old', 900));
  nowMs = 840_000;
  expect(await Promise.all([credentials.bearer(), credentials.bearer()])).toEqual([fresh, fresh]);
  expect([made, credentials.renewAtMs]).toEqual([1, 1_740_000]);
});

it('goes on with what still holds when no fresh one can be had, and fails when nothing holds', async () => {
  const renew = async (): Promise<string> => Promise.reject(new Error('away'));
  const credentials = new TokenCredentials(tokenOf('old', 900), renew, now);
  nowMs = 899_999;
  expect(await credentials.bearer()).toBe(tokenOf('old', 900));
  nowMs = 900_000;
  await expect(credentials.bearer()).rejects.toThrow('away');
  const alone = new TokenCredentials(tokenOf('old', 900), undefined, now);
  await expect(alone.bearer()).rejects.toThrow(/the job token is over, and nothing was given to renew it/);
});

it('renews one that was refused, though it looks good; an opaque one too', async () => {
  const credentials = new TokenCredentials('opaque', async (old) => `${old}!`, now);
  expect(await credentials.bearer()).toBe('opaque');
  expect(credentials.refused('opaque')).toBe(true);
  expect(await credentials.bearer()).toBe('opaque!');
  expect(credentials.refused('opaque')).toBe(true); // the fresh one was not shown yet
  expect(await credentials.bearer()).toBe('opaque!');
});

it('takes one that came from elsewhere', async () => {
  const credentials = new TokenCredentials(tokenOf('old', 900), undefined, now);
  nowMs = 900_000;
  credentials.use(tokenOf('new', 1_800));
  expect(await credentials.bearer()).toBe(tokenOf('new', 1_800));
});
