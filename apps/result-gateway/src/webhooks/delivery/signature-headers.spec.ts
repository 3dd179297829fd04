import fc from 'fast-check';
import { privateKeyOf } from '../endpoint-keys.js';
import { standardHeaders } from './signature-headers.js';
import { Webhook } from 'standardwebhooks';

const keysOf = (secret: string, seed?: Buffer) => ({
  secret,
  hmac: Buffer.from(secret.replace('whsec_', ''), 'base64'),
  ...(seed && { ed25519: privateKeyOf(seed) }),
});

it('makes the published signatures, byte for byte', () => {
  // Of the specification's libraries, and of the ed25519 test of Svix's server.
  const first = {
    id: 'msg_p5jXN8AQM9LWM0D4loKWxJek',
    timestamp: 1_614_265_330,
    body: '{"test": 2432232314}',
  };
  const seed = Buffer.from('6Xb/dCcHpPea21PS1N9VY/NZW723CEc77N4rJCubMbc=', 'base64');
  expect(
    standardHeaders([keysOf('whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw', seed)], first)['webhook-signature'],
  ).toBe(
    'v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE= v1a,hnO3f9T8Ytu9HwrXslvumlUpqtNVqkhqw/enGzPCXe5BdqzCInXqYXFymVJaA7AZdpXwVLPo3mNl8EM+m7TBAg==',
  );
  const second = {
    id: 'msg_loFOjxBNrRLzqYUf',
    timestamp: 1_731_705_121,
    body: '{"event_type":"ping","data":{"success":true}}',
  };
  expect(standardHeaders([keysOf('whsec_plJ3nmyCDGBKInavdOK15jsl')], second)['webhook-signature']).toBe(
    'v1,rAvfW3dJ/X/qxhsaXPOyyCGmRKsaKWcsNccKXlIktD0=',
  );
});

it('is taken by the public library for any body, and for no other', () => {
  const secret = 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw';
  fc.assert(
    fc.property(fc.json(), fc.uuid(), fc.nat(), (body, id, at) => {
      const headers = standardHeaders([keysOf(secret)], {
        id,
        timestamp: Math.floor(Date.now() / 1_000),
        body,
      });
      expect(new Webhook(secret).verify(body, headers)).toEqual(JSON.parse(body));
      const place = at % body.length;
      const changed = `${body.slice(0, place)}${body[place] === '0' ? '1' : '0'}${body.slice(place + 1)}`;
      expect(() => new Webhook(secret).verify(changed, headers)).toThrow();
    }),
    { numRuns: 100 },
  );
});
