import { createPrivateKey, createPublicKey, createSecretKey, type KeyObject, randomBytes } from 'node:crypto';
import type { SecretBox } from '@baton/service';

/** What an endpoint's deliveries are signed with. */
export interface SigningKeys {
  /** `whsec_` and base64, shown once. */
  secret: string;
  hmac: Buffer | KeyObject;
  /** Of ed25519; undefined for a job's own secret. */
  ed25519?: KeyObject;
}

interface KeptKeys {
  secret: string;
  /** Of the ed25519 key, base64. */
  seed: string;
}

/** PKCS #8 of an ed25519 key, up to its seed of 32 bytes. */
const pkcs8 = Buffer.from('302e020100300506032b657004220420', 'hex');
const contextOf = (endpointId: string): string => `webhook-endpoint:${endpointId}`;

/** New keys of an endpoint: sealed for its row, with what is shown of them. */
export function makeKeys(
  box: SecretBox,
  endpointId: string,
): { secret: string; keys: string; publicKey: string } {
  const seed = randomBytes(32);
  const secret = `whsec_${randomBytes(32).toString('base64')}`;
  const kept: KeptKeys = { secret, seed: seed.toString('base64') };
  return {
    secret,
    keys: box.seal(JSON.stringify(kept), contextOf(endpointId)),
    publicKey: publicKeyOf(seed),
  };
}

/** @throws Error when the keys were sealed with another master key */
function openKeys(box: SecretBox, endpointId: string, sealed: string): SigningKeys {
  const { secret, seed } = JSON.parse(box.open(sealed, contextOf(endpointId))) as KeptKeys;
  return { secret, hmac: hmacKey(secret), ed25519: privateKeyOf(Buffer.from(seed, 'base64')) };
}

/** The keys of a job's own secret, which the producer has sealed. */
function openJobSecret(box: SecretBox, tenantId: string, sealed: string): SigningKeys {
  const secret = box.open(sealed, `webhook-secret:${tenantId}`);
  return { secret, hmac: hmacKey(secret) };
}

function hmacKey(secret: string): KeyObject {
  return createSecretKey(secret.replace(/^whsec_/, ''), 'base64');
}

export function privateKeyOf(seed: Buffer): KeyObject {
  return createPrivateKey({ key: Buffer.concat([pkcs8, seed]), format: 'der', type: 'pkcs8' });
}

/** The last 32 bytes of its SPKI, base64. */
function publicKeyOf(seed: Buffer): string {
  const spki = createPublicKey(privateKeyOf(seed)).export({ format: 'der', type: 'spki' });
  return spki.subarray(-32).toString('base64');
}

/** Some kilobytes each. */
const mostOpened = 10_000;

/**
 * Opened keys by their sealed text, those used last: opening costs more than a tenth of a millisecond, and a flood opens the
 * same ones again.
 */
export class KeyRing {
  private readonly opened = new Map<string, SigningKeys>();

  constructor(private readonly box: SecretBox) {}

  /** @throws Error when the keys were sealed with another master key */
  endpoint(endpointId: string, sealed: string): SigningKeys {
    const keys = this.opened.get(sealed) ?? openKeys(this.box, endpointId, sealed);
    // Moved to the end: the first in the map is the one that was not used for the longest.
    this.opened.delete(sealed);
    this.opened.set(sealed, keys);
    if (this.opened.size > mostOpened) this.opened.delete(this.opened.keys().next().value!);
    return keys;
  }

  job(tenantId: string, sealed: string): SigningKeys {
    return openJobSecret(this.box, tenantId, sealed);
  }
}
