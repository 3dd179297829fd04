import { jwtVerify } from 'jose';

import { deriveJobTokenKey, signJobToken, verifyJobToken } from './job-token.js';

const masterKey = Buffer.alloc(32, 7);
const key = deriveJobTokenKey(masterKey);
const now = Date.parse('2026-01-01T00:00:00Z');

test('is a JWT that any library verifies', async () => {
  const token = signJobToken(key, { jobId: 'j', tenantId: 't' }, now);
  const { payload, protectedHeader } = await jwtVerify(token, key.secret, { currentDate: new Date(now) });
  expect(protectedHeader).toEqual({ alg: 'HS256', typ: 'JWT', kid: key.kid });
  expect(payload).toEqual({
    sub: 'j',
    tid: 't',
    scope: 'job:read',
    iat: now / 1_000,
    exp: now / 1_000 + 900,
  });
});

test('is good for 15 minutes, in every service with the same master key', () => {
  const token = signJobToken(key, { jobId: 'j', tenantId: 't' }, now);
  const other = deriveJobTokenKey(Buffer.from(masterKey));
  expect(verifyJobToken(other, token, { nowMs: now + 899_999 })).toMatchObject({ sub: 'j', tid: 't' });
  expect(() => verifyJobToken(other, token, { nowMs: now + 900_000 })).toThrow(
    'expired at 2026-01-01T00:15:00.000Z',
  );
});

test('an unsigned token is refused by its algorithm', () => {
  const part = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');
  const claims = { sub: 'j', tid: 't', scope: 'job:read', iat: 0, exp: 9e9 };
  expect(() => verifyJobToken(key, `${part({ alg: 'none', kid: key.kid })}.${part(claims)}.x`)).toThrow(
    /"none"; allowed: HS256/,
  );
  expect(() => verifyJobToken(key, `nonsense.${part(claims)}.x`)).toThrow(/not JSON/);
});

test('the derived key gives the master key no other use', () => {
  const secret = key.secret.export();
  expect(secret).not.toEqual(masterKey);
  expect(secret).toHaveLength(32);
});
