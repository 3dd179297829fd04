import { BatonError } from '@baton/contracts';

/** What a commit on a job topic says beside its offset. */
export interface CommitNote {
  /** Of `PartitionTerms`: the highest term of each shard below the offset. */
  readonly terms: string;
  /** The handlers of records below this offset may have been entered; undefined: those of none from the commit on. */
  readonly enteredTo: bigint | undefined;
}

/** Before there was more to say, the terms stood alone. */
const termsAlone = /^[\d:,]*$/;
const note = /^v1 entered=(\d+|clean) terms=([\d:,]*)$/;

/** The metadata of a commit: at most some 1,300 bytes, of the 4,096 that a broker takes. */
export function writeCommitNote({ terms, enteredTo }: CommitNote): string {
  return `v1 entered=${enteredTo ?? 'clean'} terms=${terms}`;
}

/** Throws `undecodable` when it is neither written by {@link writeCommitNote} nor the bare terms of an older worker. */
export function readCommitNote(metadata: string | undefined): CommitNote {
  if (metadata === undefined || termsAlone.test(metadata))
    return { terms: metadata ?? '', enteredTo: undefined };
  const [, entered, terms] = note.exec(metadata) ?? [];
  if (entered === undefined || terms === undefined) {
    throw new BatonError(
      'undecodable',
      `The metadata "${metadata}" of a commit cannot be read; expected "v1 entered=<offset>|clean terms=<shard>:<epoch>,…".`,
    );
  }
  return { terms, enteredTo: entered === 'clean' ? undefined : BigInt(entered) };
}
