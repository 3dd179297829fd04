import type { Logger } from 'pino';

/** What a process does when it is told to stop. */
export interface StopHandler {
  /** @returns whether all went well; never rejects */
  stop(signal: string): Promise<boolean>;
}

/**
 * States: booting → serving (`handler` is set) → stopping → gone. SIGTERM and SIGINT stop a serving process
 * in order (exit 0, or 1 when a part did not drain) and end a booting one at once; a second signal forces
 * exit 1. An exception that nobody caught leaves the process in an unknown state: exit 1 at once.
 */
export class Signals {
  handler: StopHandler | undefined;
  private stopping = false;

  constructor(private readonly logger: Logger) {
    process.on('SIGTERM', this.onSignal);
    process.on('SIGINT', this.onSignal);
    process.on('uncaughtException', this.onUncaught);
    process.on('unhandledRejection', this.onUnhandled);
  }

  private readonly onSignal = (signal: NodeJS.Signals): void => {
    if (this.stopping) {
      this.logger.fatal({ signal }, `${signal} again: stopping without waiting`);
      process.exit(1);
    }
    this.stopping = true;
    this.logger.info({ signal }, `${signal}: stopping`);
    if (!this.handler) process.exit(0);
    void this.handler.stop(signal).then((clean) => {
      this.logger.info({ clean }, 'stopped');
      process.exit(clean ? 0 : 1);
    });
  };

  private readonly onUncaught = (err: unknown): void => {
    this.logger.fatal({ err }, 'uncaught exception');
    process.exit(1);
  };

  private readonly onUnhandled = (err: unknown): void => {
    this.logger.fatal({ err }, 'unhandled rejection');
    process.exit(1);
  };
}
