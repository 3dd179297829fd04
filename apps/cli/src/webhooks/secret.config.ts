import { UsageError } from '../cli.error.js';
import type { Terminal } from '../terminal.js';

const variable = 'BATON_WEBHOOK_SECRET';

/** The secret of the option, or of the environment, where others cannot see it. */
export function findSecret(option: string | undefined, { env }: Pick<Terminal, 'env'>): string | undefined {
  const secret = (option ?? env[variable])?.trim();
  if (secret === undefined || secret === '') return undefined;
  const bytes = Buffer.from(secret.replace(/^whsec_/, ''), 'base64');
  if (!/^(whsec_)?[\w+/-]+={0,2}$/.test(secret) || bytes.length < 16)
    throw new UsageError(
      `the secret must be "whsec_" and the base64 of at least 16 bytes, as it was shown when the endpoint was made; got ${secret.length} characters that begin with "${secret.slice(0, 6)}"`,
    );
  return secret;
}

/** @throws UsageError when none is given, or it is none */
export function needSecret(option: string | undefined, terminal: Pick<Terminal, 'env'>): string {
  const secret = findSecret(option, terminal);
  if (secret === undefined)
    throw new UsageError(`give the endpoint's secret by --secret whsec_… or ${variable}`);
  return secret;
}
