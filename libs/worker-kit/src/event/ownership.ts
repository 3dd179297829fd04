/** A relay of an older release, which knows of no questions, takes the word and gives no answer. */
const askAgainMs = 5_000;

interface Question {
  /** Calls back when the broker has it. */
  readonly put: (onAcked: () => void) => void;
  readonly resolve: (owns: boolean) => void;
  again?: NodeJS.Timeout;
}

/**
 * Which executions own their attempts, as the inbox says on `baton.control` where it is asked. asked → (no answer comes)
 * asked again → answered. What is not answered is not entered.
 */
export class Ownership {
  private readonly open = new Map<string, Question>();

  constructor(private readonly againMs = askAgainMs) {}

  /** @param put says that the execution starts, and asks; calls back when the broker has it */
  ask(executionId: string, put: Question['put']): Promise<boolean> {
    return new Promise((resolve) => {
      this.open.set(executionId, { put, resolve });
      this.put(executionId);
    });
  }

  answer(executionId: string, owns: boolean): void {
    const question = this.open.get(executionId);
    if (!question) return;
    clearTimeout(question.again);
    this.open.delete(executionId);
    question.resolve(owns);
  }

  /** Asks no more; what is open stays unanswered. */
  close(): void {
    for (const { again } of this.open.values()) clearTimeout(again);
    this.open.clear();
  }

  private put(executionId: string): void {
    const question = this.open.get(executionId);
    question?.put(() => {
      if (this.open.get(executionId) !== question) return;
      question.again = setTimeout(() => this.put(executionId), this.againMs);
    });
  }
}
