import { createCipheriv, createDecipheriv, createHash, hkdfSync, randomBytes } from 'node:crypto';

/** Seals what must be read again and must not lie about in the open. */
export interface SecretBox {
  /** @param context what the secret is of: it opens for nothing else */
  seal(plain: string, context: string): string;
  /** @throws Error when it was sealed for something else, with another master key, or was changed */
  open(sealed: string, context: string): string;
}

/**
 * AES-256-GCM under a key derived from the deployment's master key; the text is `v1.<kid>.<nonce ‖ tag ‖ ciphertext>`,
 * where `kid` names the derived key, so that a wrong master key is told apart from a damaged text.
 */
export function secretBox(masterKey: Buffer): SecretBox {
  const key = Buffer.from(hkdfSync('sha256', masterKey, '', 'baton secrets v1', 32));
  const kid = createHash('sha256').update('baton kid').update(key).digest('hex').slice(0, 8);
  return {
    seal(plain, context) {
      const nonce = randomBytes(12);
      const cipher = createCipheriv('aes-256-gcm', key, nonce).setAAD(Buffer.from(context));
      const sealed = Buffer.concat([cipher.update(plain, 'utf8'), cipher.final()]);
      return `v1.${kid}.${Buffer.concat([nonce, cipher.getAuthTag(), sealed]).toString('base64url')}`;
    },
    open(text, context) {
      const [version, by, body = ''] = text.split('.');
      if (version !== 'v1') throw new Error('this is no sealed secret');
      if (by !== kid)
        throw new Error(`the secret was sealed with the key ${by}; BATON_MASTER_KEY gives ${kid}`);
      const bytes = Buffer.from(body, 'base64url');
      const decipher = createDecipheriv('aes-256-gcm', key, bytes.subarray(0, 12))
        .setAAD(Buffer.from(context))
        .setAuthTag(bytes.subarray(12, 28));
      return Buffer.concat([decipher.update(bytes.subarray(28)), decipher.final()]).toString('utf8');
    },
  };
}
