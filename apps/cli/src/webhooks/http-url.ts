import { UsageError } from '../cli.error.js';

/** @throws UsageError */
export function checkedHttpUrl(value: string, what: string): string {
  const url = URL.canParse(value) ? new URL(value) : undefined;
  if (url?.protocol === 'http:' || url?.protocol === 'https:') return url.href;
  throw new UsageError(
    `${what} must be a URL of http or https, such as http://localhost:3000/hook, got "${value}"`,
  );
}
