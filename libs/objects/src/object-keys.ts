/** Every name in the bucket is made and read here, so that what an object belongs to can be told from its name alone. */
const prefixes = { results: 'results/', uploads: 'uploads/', sealed: 'sealed/' } as const;
export type ObjectKind = keyof typeof prefixes;
export const objectKinds = Object.keys(prefixes) as ObjectKind[];
export const prefixOf = (kind: ObjectKind): string => prefixes[kind];

/** The one execution that writes a result's object: no other can overwrite it. */
export interface ResultObject {
  jobId: string;
  attempt: number;
  executionId: string;
}

export function resultKey({ jobId, attempt, executionId }: ResultObject): string {
  return `${prefixes.results}${jobId}/${attempt}-${executionId}`;
}

/** @returns undefined for a name that {@link resultKey} does not make */
export function resultOfKey(key: string): ResultObject | undefined {
  const match = /^results\/([0-9a-f-]{36})\/(\d{1,9})-([0-9a-f-]{36})$/.exec(key);
  return match ? { jobId: match[1]!, attempt: Number(match[2]), executionId: match[3]! } : undefined;
}

/** Where a client puts an upload, and may put it again while its link is good. */
export function uploadKey(upload: { tenantId: string; id: string }): string {
  return `${prefixes.uploads}${upload.tenantId}/${upload.id}`;
}

/** The copy that jobs read, where no client can write: each sealing makes its own. */
export function sealedKey(upload: { tenantId: string; id: string; seal: string }): string {
  return `${prefixes.sealed}${upload.tenantId}/${upload.id}/${upload.seal}`;
}

/** The upload that a name of either kind belongs to. @returns undefined for any other name */
export function uploadOfKey(
  key: string,
): { tenantId: string; id: string; seal: string | undefined } | undefined {
  const match =
    /^(?:uploads\/([0-9a-f-]{36})\/([0-9a-f-]{36})|sealed\/([0-9a-f-]{36})\/([0-9a-f-]{36})\/([0-9a-f-]{36}))$/.exec(
      key,
    );
  if (!match) return undefined;
  return { tenantId: (match[1] ?? match[3])!, id: (match[2] ?? match[4])!, seal: match[5] };
}
