/** `UPDATE_GOLDENS=1` writes golden files instead of comparing with them. */
export function goldensAreUpdated(env: Readonly<Record<string, string | undefined>> = process.env): boolean {
  return env['UPDATE_GOLDENS'] === '1';
}
