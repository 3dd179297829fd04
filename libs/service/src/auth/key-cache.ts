import type { FoundKey, KeyLookup } from './key-lookup.js';

export interface KeyCacheOptions {
  /** Keys remembered, the least recently used going first. Default 10,000. */
  size?: number;
  /** How long a key that was found is believed, in milliseconds: a revoked key works no longer than this. */
  foundMs?: number;
  /** How long a key that was not found stays unknown. */
  missingMs?: number;
  /** The monotonic clock, in milliseconds. */
  now?: () => number;
}

interface Entry {
  found: FoundKey | undefined;
  validUntil: number;
}

/**
 * Look-ups of API keys, remembered for seconds so that a hot route makes no query.
 * Concurrent look-ups of one key are one query; failed look-ups are not remembered.
 */
export class KeyCache {
  /** In order of use, the oldest first. */
  private readonly entries = new Map<string, Entry>();
  private readonly pending = new Map<string, Promise<FoundKey | undefined>>();
  private readonly size: number;
  private readonly foundMs: number;
  private readonly missingMs: number;
  private readonly now: () => number;

  constructor(
    private readonly lookup: KeyLookup,
    {
      size = 10_000,
      foundMs = 10_000,
      missingMs = 1_000,
      now = () => performance.now(),
    }: KeyCacheOptions = {},
  ) {
    this.size = size;
    this.foundMs = foundMs;
    this.missingMs = missingMs;
    this.now = now;
  }

  /** What is known of the key without a query, or undefined when a query is needed. */
  peek(hash: Buffer): { found: FoundKey | undefined } | undefined {
    const name = nameOf(hash);
    const entry = this.entries.get(name);
    if (!entry) return undefined;
    this.entries.delete(name);
    if (entry.validUntil <= this.now()) return undefined;
    this.entries.set(name, entry);
    return entry;
  }

  /** Asks the port, once for all who ask for this key at the same time. */
  fetch(hash: Buffer): Promise<FoundKey | undefined> {
    const name = nameOf(hash);
    const running = this.pending.get(name);
    if (running) return running;
    const query = this.ask(hash).finally(() => this.pending.delete(name));
    this.pending.set(name, query);
    return query;
  }

  private async ask(hash: Buffer): Promise<FoundKey | undefined> {
    const found = await this.lookup.findByHash(hash);
    this.entries.set(nameOf(hash), {
      found,
      validUntil: this.now() + (found ? this.foundMs : this.missingMs),
    });
    if (this.entries.size > this.size) {
      const oldest = this.entries.keys().next();
      if (!oldest.done) this.entries.delete(oldest.value);
    }
    return found;
  }
}

function nameOf(hash: Buffer): string {
  return hash.toString('latin1');
}
