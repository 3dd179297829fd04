import { z } from 'zod';

/**
 * Text that PostgreSQL can store: no NUL, and no lone surrogates, which would come back as another character.
 * @param maxBytes in UTF-8
 */
export function storableText({ min = 1, maxBytes }: { min?: number; maxBytes: number }) {
  return z
    .string()
    .min(min, { error: min === 1 ? 'must not be empty' : undefined })
    .max(maxBytes, { error: `must have at most ${maxBytes} bytes` })
    .refine((text) => Buffer.byteLength(text) <= maxBytes, { error: `must have at most ${maxBytes} bytes` })
    .refine((text) => !text.includes('\0'), { error: 'must not hold the character U+0000' })
    .refine((text) => text.isWellFormed(), { error: 'must be well-formed Unicode, without lone surrogates' });
}

/** Names of queues and tenants. */
export const nameSchema = z.string().regex(/^[a-z0-9][a-z0-9_-]{0,62}$/, {
  error: 'must be 1 to 63 characters of a-z, 0-9, _ and -, the first a letter or digit',
});

/** A UUID in whatever case, as PostgreSQL writes it. */
export const idSchema = z.uuid().toLowerCase();
