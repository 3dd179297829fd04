/** What a signature is made of, as somebody has it. */
export interface SignatureInput {
  id: string;
  /** As it stands in the header. */
  timestamp: string;
  body: Buffer;
  /** `whsec_` and base64. */
  secret: string;
}

/** A part of a signature that two sides may see differently. */
export type SignaturePart = 'id' | 'timestamp' | 'body' | 'secret' | 'signed text' | 'algorithm' | 'nothing';

/** How one part may differ: the name of what was signed instead, and what to do. */
export interface Variant<Value> {
  /** Follows "made with": "the body with a newline at its end". */
  name: string;
  fix: string;
  value: Value;
}
