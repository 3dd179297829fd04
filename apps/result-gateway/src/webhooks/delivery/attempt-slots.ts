/** Tries that began within this time do not tell yet whether their receiver is slow. */
const youngMs = 1_000;
const mostYoung = 256;
export const mostInFlight = 512;
/** Fewer are not worth a look: each costs the same whatever it finds. */
const fewest = 32;
/** Of receivers known to be slow: half of all, so that the others always find room. */
const mostSlow = 256;
const perReceiver = 8;
const perSlowReceiver = 2;
/** Receivers remembered as slow; the oldest is forgotten first. */
const remembered = 10_000;

interface InFlight {
  receiver: string;
  since: number;
  /** It was slow the last time: not young from the first. */
  slow: boolean;
}

/**
 * Which receivers may be tried now. A try that is young takes one of few slots, so that the process is not flooded; one
 * that lasts leaves it to the next and is counted among the slow, of which there may be many, since they do nothing but
 * wait. A receiver that was slow the last time has few tries at once, takes no slot of the young, and is skipped when the
 * slow are too many: however many receivers are slow, the others find room.
 */
export class AttemptSlots {
  private readonly inFlight = new Set<InFlight>();
  private readonly byReceiver = new Map<string, number>();
  private readonly slow = new Set<string>();
  readonly perReceiver = perReceiver;

  /** How many more may begin; 0 while they are few. */
  free(now: number): number {
    let young = 0;
    for (const { since, slow } of this.inFlight) if (!slow && now - since < youngMs) young++;
    const free = Math.min(mostYoung - young, mostInFlight - this.inFlight.size);
    return free < fewest ? 0 : free;
  }

  get size(): number {
    return this.inFlight.size;
  }

  /** How many of each receiver's {@link perReceiver} are not to be had. */
  taken(): Record<string, number> {
    const taken = Object.fromEntries(this.byReceiver);
    let slowInFlight = 0;
    for (const receiver of this.slow) slowInFlight += this.byReceiver.get(receiver) ?? 0;
    for (const receiver of this.slow) {
      const room =
        slowInFlight >= mostSlow ? 0 : Math.max(0, perSlowReceiver - (this.byReceiver.get(receiver) ?? 0));
      taken[receiver] = perReceiver - room;
    }
    return taken;
  }

  /** Takes a slot. @returns what gives it back */
  take(receiver: string, now: number): (endedAt: number) => void {
    const entry = { receiver, since: now, slow: this.slow.has(receiver) };
    this.inFlight.add(entry);
    this.byReceiver.set(receiver, (this.byReceiver.get(receiver) ?? 0) + 1);
    return (endedAt) => {
      this.inFlight.delete(entry);
      const left = (this.byReceiver.get(receiver) ?? 1) - 1;
      if (left === 0) this.byReceiver.delete(receiver);
      else this.byReceiver.set(receiver, left);
      this.slow.delete(receiver);
      if (endedAt - now < youngMs) return;
      this.slow.add(receiver);
      if (this.slow.size > remembered) this.slow.delete(this.slow.values().next().value!);
    };
  }
}
