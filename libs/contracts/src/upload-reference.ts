/**
 * How a payload names an upload: `{"$upload": "<id>"}`, anywhere in it. When its job is accepted the upload is sealed, and
 * the rest is put in: which copy is meant, where it lies, and what it is.
 */
export interface UploadReference {
  $upload: string;
  seal?: string;
  place?: 's3' | 'postgresql';
  /** Bytes. */
  size?: number;
  /** Hex. */
  sha256?: string;
}

const uuid = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;
const known = new Set(['$upload', 'seal', 'place', 'size', 'sha256']);

/** Whether a value of a payload names an upload: an object that says `$upload` with an id, and nothing that it may not. */
export function isUploadReference(value: unknown): value is UploadReference {
  if (typeof value !== 'object' || value === null || !('$upload' in value)) return false;
  const { $upload: id } = value;
  return typeof id === 'string' && uuid.test(id) && Object.keys(value).every((key) => known.has(key));
}
