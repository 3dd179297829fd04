import { BatonError } from '@baton/contracts';

/** One wrong or missing variable, worded for the operator who sets it. */
export interface ConfigFault {
  variable: string;
  text: string;
}

/** Every fault of an environment at once. `message` is the text to print; a stack would add nothing. */
export class ConfigError extends BatonError {
  readonly faults: readonly ConfigFault[];

  constructor(faults: readonly ConfigFault[]) {
    const count =
      faults.length === 1
        ? '1 environment variable is wrong'
        : `${faults.length} environment variables are wrong`;
    super('internal', `${count}:\n${faults.map((fault) => `  ${fault.text}`).join('\n')}`, {
      retryable: false,
    });
    this.faults = faults;
  }
}
