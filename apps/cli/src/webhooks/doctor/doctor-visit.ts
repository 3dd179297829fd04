import { UsageError } from '../../cli.error.js';
import { reasonOf } from '../../connection/api.js';
import type { Delivery } from './make-delivery.js';
import { type ReceiverAnswer, sendDelivery, type SendOptions } from './send-delivery.js';

export interface VisitOptions {
  url: string;
  secret: string;
  /** Answers how many deliveries the receiver has acted on so far. */
  effectsUrl?: string | undefined;
  timeoutMs: number;
  signal: AbortSignal;
}

/** One round of checks at one receiver. */
export class DoctorVisit {
  readonly secret: string;
  /** How long each genuine delivery took, milliseconds. */
  readonly took: number[] = [];

  constructor(private readonly options: VisitOptions) {
    this.secret = options.secret;
  }

  send(delivery: Delivery, more: Pick<SendOptions, 'drip' | 'cut'> = {}): Promise<ReceiverAnswer> {
    const { url, timeoutMs, signal } = this.options;
    return sendDelivery(url, delivery, { timeoutMs, signal, ...more });
  }

  get seesEffects(): boolean {
    return this.options.effectsUrl !== undefined;
  }

  get timeoutMs(): number {
    return this.options.timeoutMs;
  }

  /**
   * How many deliveries have had an effect.
   * @throws UsageError when the URL answers no number
   */
  async effects(): Promise<number> {
    const { effectsUrl = '', signal } = this.options;
    const text = await fetch(effectsUrl, { signal })
      .then((response) => response.text())
      .catch((error: unknown) => {
        throw new UsageError(`--effects ${effectsUrl} got no answer: ${reasonOf(error)}`);
      });
    const count = Number(text.trim() === '' ? Number.NaN : text);
    if (Number.isNaN(count))
      throw new UsageError(
        `--effects must answer a number, such as "3"; ${effectsUrl} answered "${text.slice(0, 60)}"`,
      );
    return count;
  }

  /** @returns what came of the play, and by how much the effects have grown; undefined where they cannot be seen */
  async counted<T>(play: () => Promise<T>): Promise<{ came: T; grew: number | undefined }> {
    const before = this.seesEffects ? await this.effects() : 0;
    const came = await play();
    return { came, grew: this.seesEffects ? (await this.effects()) - before : undefined };
  }
}
