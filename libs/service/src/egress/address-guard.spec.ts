import { lookup } from 'node:dns';
import { addressGuard } from './address-guard.js';
import { guardedLookup, RefusedAddressError, type ResolveAll } from './guarded-agent.js';
import { refuseReceiverUrl } from './receiver-url.js';

const strict = addressGuard([]);
const open = addressGuard([{ address: '127.0.0.0', prefix: 8, family: 'ipv4' }]);

it.each([
  '0.0.0.0',
  '10.1.2.3',
  '100.64.0.1',
  '127.0.0.1',
  '127.255.255.254',
  '169.254.169.254',
  '172.16.0.1',
  '172.31.255.255',
  '192.0.0.8',
  '192.0.2.1',
  '192.88.99.1',
  '192.168.0.1',
  '198.18.0.1',
  '198.19.255.255',
  '198.51.100.1',
  '203.0.113.9',
  '224.0.0.1',
  '239.255.255.255',
  '240.0.0.1',
  '255.255.255.255',
  '::',
  '::1',
  '::ffff:10.0.0.1',
  '::ffff:7f00:1',
  '::ffff:169.254.169.254',
  'fe80::1',
  'fec0::1',
  'fc00::1',
  'fd00:ec2::254',
  'ff02::1',
  '64:ff9b::a00:1',
  '64:ff9b:1::1',
  '2002:a00:1::',
  '2001:0:a00:1::',
  '2001:db8::1',
  '3fff::1',
  '5f00::1',
  '100::1',
  '::10.0.0.1',
  '::a00:1',
  '::7f00:1',
  '',
  'localhost',
  '0177.0.0.1',
  '0x7f.1',
  '2130706433',
  '1.2.3',
])('refuses %s', (address) => {
  expect(strict.allows(address)).toBe(false);
});

it.each([
  '1.1.1.1',
  '8.8.8.8',
  '172.32.0.1',
  '100.128.0.1',
  '198.20.0.1',
  '2606:4700::1111',
  '2a00:1450::1',
  '::ffff:8.8.8.8',
])('allows %s', (address) => {
  expect(strict.allows(address)).toBe(true);
});

it('opens the ranges that the operator names, and no others', () => {
  expect([open.allows('127.0.0.1'), open.opened('127.0.0.1'), open.allows('::ffff:127.0.0.1')]).toEqual([
    true,
    true,
    true,
  ]);
  expect([open.allows('10.0.0.1'), open.opened('1.1.1.1'), open.allows('::1')]).toEqual([
    false,
    false,
    false,
  ]);
});

it.each<[string, RegExp | undefined]>([
  ['https://example.com/hooks?x=1', undefined],
  ['https://93.184.216.34/', undefined],
  ['http://example.com/', /must begin with https/],
  ['ftp://example.com/', /must begin with https/],
  ['nonsense', /must be a URL/],
  ['https://user:secret@example.com/', /must not hold a user/],
  ['https://example.com/#here', /fragment/],
  ['https://10.0.0.5/', /private or reserved address 10\.0\.0\.5.*Prefer: wait.*WEBHOOK_ALLOW/],
  ['https://0x7f.1/', /address 127\.0\.0\.1/],
  ['https://2130706433/', /address 127\.0\.0\.1/],
  ['https://0177.0.0.1/', /address 127\.0\.0\.1/],
  ['https://[::ffff:10.0.0.1]/', /private or reserved/],
  ['https://[::10.0.0.1]/', /private or reserved address ::a00:1/],
  ['https://localhost/', /no public name/],
  ['https://db.internal/', /no public name/],
  ['https://router/', /no public name/],
])('looks at the URL %s', (url, refusal) => {
  const said = refuseReceiverUrl(url, strict);
  if (refusal) expect(said).toMatch(refusal);
  else expect(said).toBeUndefined();
});

it('takes http for addresses in opened ranges', () => {
  expect(refuseReceiverUrl('http://127.0.0.1:3000/', open)).toBeUndefined();
  expect(refuseReceiverUrl('http://localhost:3000/', open)).toBeUndefined();
  expect(refuseReceiverUrl('http://1.1.1.1/', open)).toMatch(/https/);
});

describe('the look-up of a socket', () => {
  const answering =
    (...addresses: string[]): ResolveAll =>
    (_host, _options, callback) =>
      callback(
        null,
        addresses.map((address) => ({ address, family: address.includes(':') ? 6 : 4 })),
      );
  const look = (resolve: ResolveAll, all = true): Promise<unknown> =>
    new Promise((done, fail) =>
      guardedLookup(strict, resolve)('example.com', { all }, (error, address) =>
        error ? fail(error) : done(address),
      ),
    );

  it('gives the very addresses that were judged', async () => {
    expect(await look(answering('1.1.1.1', '2606:4700::1111'))).toEqual([
      { address: '1.1.1.1', family: 4 },
      { address: '2606:4700::1111', family: 6 },
    ]);
    expect(await look(answering('1.1.1.1'), false)).toBe('1.1.1.1');
  });

  it('fails when one address among several is bad, or there is none', async () => {
    await expect(look(answering('1.1.1.1', '10.0.0.1'))).rejects.toThrow(RefusedAddressError);
    await expect(look(answering())).rejects.toThrow(RefusedAddressError);
  });

  it('tells the resolver’s own failure', async () => {
    await expect(
      look((host, options, callback) => lookup('does-not-exist.invalid', options, callback)),
    ).rejects.toThrow(/ENOTFOUND|EAI_AGAIN/);
  });
});
