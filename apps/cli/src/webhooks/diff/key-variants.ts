import type { Variant } from './signature-input.js';

/** The key of a secret, as Standard Webhooks has it. */
export function keyOf(secret: string): Buffer {
  return Buffer.from(secret.trim().replace(/^whsec_/, ''), 'base64');
}

/** What else code takes for the key. */
export function keyVariants(secret: string): Variant<Buffer>[] {
  const own = keyOf(secret);
  const bare = secret.trim().replace(/^whsec_/, '');
  const decode = 'take "whsec_" off, then decode the rest as base64: those bytes are the key';
  const variants: Variant<Buffer>[] = [];
  const add = (name: string, fix: string, value: Buffer): void => {
    if (!value.equals(own) && value.length > 0 && !variants.some((known) => known.value.equals(value)))
      variants.push({ name, fix, value });
  };
  add('the whole text of the secret, "whsec_" included, as the key', decode, Buffer.from(secret.trim()));
  add('the text after "whsec_" as the key, not decoded', decode, Buffer.from(bare));
  add('the secret with "whsec_" decoded as base64 too', decode, Buffer.from(secret.trim(), 'base64'));
  add(
    'the secret decoded as hexadecimal',
    decode,
    /^[0-9a-f]+$/i.test(bare) ? Buffer.from(bare, 'hex') : Buffer.alloc(0),
  );
  add(
    'the text of the secret with a newline at its end as the key',
    'trim the secret; mind a newline at the end of a file or a variable',
    Buffer.from(`${secret.trim()}\n`),
  );
  add('the base64 of the key, decoded twice', decode, Buffer.from(own.toString('utf8'), 'base64'));
  add('the hexadecimal text of the key as the key', decode, Buffer.from(own.toString('hex')));
  return variants;
}
