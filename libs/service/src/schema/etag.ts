/** The tags of an `If-None-Match` (RFC 9110), weak ones as strong: proxies that compress weaken them. */
export function tagsOf(ifNoneMatch: string | undefined): string[] {
  return (ifNoneMatch ?? '').split(',').map((tag) => tag.trim().replace(/^W\//, ''));
}

/** @param etag with its quotes */
export function matchesEtag(ifNoneMatch: string | undefined, etag: string): boolean {
  return tagsOf(ifNoneMatch).some((tag) => tag === '*' || tag === etag);
}
