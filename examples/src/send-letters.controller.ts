import { JobCancelledError, JobHandler, type JobContext } from '@baton/worker-kit';
import { Controller, Inject, Injectable } from '@nestjs/common';

/** Where letters go; a real one would call a provider. */
@Injectable()
export class Postbox {
  readonly sent: string[] = [];
  readonly withdrawn: string[] = [];

  send(to: string): Promise<void> {
    this.sent.push(to);
    return Promise.resolve();
  }

  withdraw(to: string): Promise<void> {
    this.withdrawn.push(to);
    return Promise.resolve();
  }
}

/**
 * Sends letters, one after the other. When the job is cancelled meanwhile it withdraws what it has sent, and lets go by
 * throwing: then the job is `cancelled`. Had it returned, it would have won, and be `succeeded`.
 */
@Controller()
export class SendLettersController {
  constructor(@Inject(Postbox) private readonly postbox: Postbox) {}

  @JobHandler('send-letters')
  async send({ to }: { to: string[] }, { signal }: JobContext): Promise<{ letters: number }> {
    for (const address of to) {
      if (signal.aborted) await this.letGo(signal);
      await this.postbox.send(address);
    }
    return { letters: to.length };
  }

  private async letGo({ reason }: AbortSignal): Promise<never> {
    // Aborted by a timeout or a drain, it would run again and go on: only a cancel takes letters back.
    if (reason instanceof JobCancelledError)
      for (const address of this.postbox.sent) await this.postbox.withdraw(address);
    throw reason;
  }
}
