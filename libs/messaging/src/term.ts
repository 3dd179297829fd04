/** `<shard>:<epoch>` of the leader that published a record. */
export interface Term {
  readonly shard: number;
  readonly epoch: bigint;
}

const form = /^(\d{1,5}):(\d{1,19})$/;

/** `undefined` when the text is not a term. */
export function parseTerm(text: string | undefined): Term | undefined {
  const match = text === undefined ? null : form.exec(text);
  return match?.[1] === undefined || match[2] === undefined
    ? undefined
    : { shard: Number(match[1]), epoch: BigInt(match[2]) };
}

export const formatTerm = ({ shard, epoch }: Term): string => `${shard}:${epoch}`;
