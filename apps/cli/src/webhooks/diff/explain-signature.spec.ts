import { createHmac } from 'node:crypto';
import fc from 'fast-check';
import { explainSignature } from './explain-signature.js';

const secret = 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw';
const id = 'msg_p5jXN8AQM9LWM0D4loKWxJek';
const timestamp = '1614265330';
const body = Buffer.from('{"test": 2432232314}');
const given = { id, timestamp, body, secret };
const key = Buffer.from(secret.slice(6), 'base64');
const sign = (text: string | Buffer, withKey: Buffer | string = key, algorithm = 'sha256') =>
  `v1,${createHmac(algorithm, withKey).update(text).digest('base64')}`;
const parts = (signature: string | string[], input: Partial<typeof given> = {}) => {
  const { matches, differences } = explainSignature({ ...given, ...input }, [signature].flat());
  return matches ? 'matches' : (differences?.map(({ part, name }) => `${part}: ${name}`) ?? 'unknown');
};

it.each([
  [id, timestamp, '{"test": 2432232314}', secret, 'v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE='],
  [
    'msg_loFOjxBNrRLzqYUf',
    '1731705121',
    '{"event_type":"ping","data":{"success":true}}',
    'whsec_plJ3nmyCDGBKInavdOK15jsl',
    'v1,rAvfW3dJ/X/qxhsaXPOyyCGmRKsaKWcsNccKXlIktD0=',
  ],
])('agrees with the published vector of %s', (vectorId, vectorTime, text, vectorSecret, signature) => {
  const input = { id: vectorId, timestamp: vectorTime, body: Buffer.from(text), secret: vectorSecret };
  expect(explainSignature(input, [signature])).toEqual({ matches: true, expected: signature });
  expect(
    explainSignature({ ...input, secret: vectorSecret.slice(6) }, ['v1,AAAA', 'v1a,BBBB', signature]).matches,
  ).toBe(true);
});

const genuine = sign(`${id}.${timestamp}.${body.toString()}`);

it.each<[string, Partial<typeof given>, string]>([
  [
    'a body written anew',
    { body: Buffer.from('{"test":2432232314}') },
    "the body written anew as Python's json.dumps does",
  ],
  [
    'a newline at the end',
    { body: Buffer.from('{"test": 2432232314}\n') },
    'the body without the newline at its end',
  ],
  ['white space', { body: Buffer.from('  {"test": 2432232314}') }, 'the body without white space around it'],
  [
    'a byte order mark',
    { body: Buffer.from('\uFEFF{"test": 2432232314}') },
    'the body without a byte order mark',
  ],
])('names the body where it has %s', (_what, input, name) => {
  expect(parts(genuine, input)).toEqual([`body: ${name}`]);
});

it('names what the body was before it was parsed, decoded or given other line ends', () => {
  const was = '{"a":"Grüße, 日本","b":[1,2]}\r\n';
  const signature = sign(`${id}.${timestamp}.${was}`);
  const name = (text: string | Buffer) => parts(signature, { body: Buffer.from(text) });
  expect(name(was.replace('\r\n', '\n'))).toEqual(['body: the body with CR LF for each LF']);
  expect(name(was.replace('\r\n', ''))).toEqual(['body: the body with CR LF at its end']);
  const compact = sign(`${id}.${timestamp}.${was.trim()}`);
  expect(parts(compact, { body: Buffer.from(JSON.stringify(JSON.parse(was), null, 2)) })).toEqual([
    'body: the body written anew as compact JSON (JSON.stringify)',
  ]);
  expect(parts(compact, { body: Buffer.from(Buffer.from(was.trim()).toString('latin1')) })).toEqual([
    'body: the body read as UTF-8 and written as Latin-1',
  ]);
});

it('names the secret, the order, the algorithm, the id and the time', () => {
  const text = `${id}.${timestamp}.${body.toString()}`;
  expect(parts(sign(text, secret))).toEqual([
    'secret: the whole text of the secret, "whsec_" included, as the key',
  ]);
  expect(parts(sign(text, secret.slice(6)))).toEqual([
    'secret: the text after "whsec_" as the key, not decoded',
  ]);
  expect(parts(sign(`${timestamp}.${body.toString()}`))).toEqual([
    'signed text: "<timestamp>.<body>", without the id',
  ]);
  expect(parts(sign(body))).toEqual(['signed text: the body alone']);
  expect(parts(sign(text, key, 'sha1'))).toEqual(['algorithm: HMAC-SHA-1']);
  expect(parts(genuine, { id: id.slice(4) })).toEqual(['id: the id with "msg_" before it']);
  expect(parts(genuine, { timestamp: '1614265340' })).toEqual([
    'timestamp: the timestamp 1614265330 (-10 s)',
  ]);
  expect(parts(genuine, { timestamp: '1614265330000' })).toEqual(['timestamp: the timestamp in seconds']);
});

it('finds two differences at once, reads hexadecimal, and admits what it cannot explain', () => {
  const both = sign(`${id}.${timestamp}.${body.toString()}\n`, secret.slice(6));
  expect(parts(both)).toEqual([
    'body: the body with a newline at its end',
    'secret: the text after "whsec_" as the key, not decoded',
  ]);
  const hex = createHmac('sha256', key).update(`${id}.${timestamp}.${body.toString()}`).digest('hex');
  expect(parts(`sha256=${hex}`)).toBe('matches');
  expect(parts(sign('anything', 'else'))).toBe('unknown');
  expect(parts('nonsense')).toBe('unknown');
});

it('never takes a changed body for a match, and always a list that has the right one', () => {
  fc.assert(
    fc.property(fc.nat(body.length - 1), fc.integer({ min: 1, max: 255 }), fc.nat(3), (at, by, place) => {
      const changed = Buffer.from(body);
      changed[at] = (changed[at]! + by) % 256;
      expect(explainSignature({ ...given, body: changed }, [genuine]).matches).toBe(false);
      const list = ['v1,AAAA', 'v1a,AAAA', sign('other')];
      expect(explainSignature(given, list.toSpliced(place, 0, genuine)).matches).toBe(true);
    }),
    { numRuns: 20 },
  );
});
