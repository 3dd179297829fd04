import { takesPerTurn } from '@baton/contracts';

/** How many of the next takes are to be offered first to a priority that is not the highest. */
export interface TurnsDue {
  low: number;
  normal: number;
}

/**
 * Whoever takes a queue's jobs takes the highest priority first, and by this count never starves the others: of 32
 * takes the 16th is offered to the oldest `low` job and the 32nd to the oldest `normal` one; where none waits, it goes
 * by priority like the others. So what is high waits for one job in 16 at most, and what is low gets one in 32 at least.
 */
export class PriorityTurns {
  private taken = 0;

  /** Of the next `count` takes. */
  due(count: number): TurnsDue {
    return {
      low: this.multiples(count, takesPerTurn),
      normal: this.multiples(count, 2 * takesPerTurn),
    };
  }

  took(count: number): void {
    this.taken = (this.taken + count) % (2 * takesPerTurn);
  }

  /** Of the next takes, those whose number is `phase` modulo the whole round. */
  private multiples(count: number, phase: number): number {
    const round = 2 * takesPerTurn;
    const below = (n: number): number => Math.floor((n + round - phase) / round);
    return below(this.taken + count) - below(this.taken);
  }
}
