import { Injectable } from '@nestjs/common';

import { withinTime } from '../drain/within-time.js';

/** A dependency that `/readyz` names. */
export interface HealthCheck {
  name: string;
  /** Whether the service is of no use without it. Default true. */
  required?: boolean;
  /** Resolves when the dependency answers; what it throws is shown as the reason. */
  check(signal: AbortSignal): Promise<unknown>;
}

export interface CheckResult {
  ok: boolean;
  required: boolean;
  latencyMs: number;
  why?: string;
}

export type Readiness = 'starting' | 'ready' | 'not_ready' | 'draining';

export interface HealthReport {
  status: Readiness;
  checks: Record<string, CheckResult>;
}

/** A check is asked again at most once in this time, however often `/readyz` is. */
const cacheMs = 1_000;
const timeoutMs = 2_000;

interface Entry {
  check: HealthCheck;
  result?: Promise<CheckResult>;
  /** When the result came, on the monotonic clock; unset while it is awaited. */
  doneAt?: number;
}

/**
 * States: `starting` (only when `starting()` was called) → `started()` → open → `draining()`, which is final.
 * While open the service is `ready` if every required check passes, else `not_ready`.
 */
@Injectable()
export class HealthRegistry {
  private phase: 'starting' | 'open' | 'draining' = 'open';
  private readonly entries = new Map<string, Entry>();

  /** @throws Error when a check of this name is there already */
  add(check: HealthCheck): void {
    if (this.entries.has(check.name)) throw new Error(`there are two health checks named "${check.name}"`);
    this.entries.set(check.name, { check });
  }

  starting(): void {
    this.phase = 'starting';
  }

  started(): void {
    if (this.phase === 'starting') this.phase = 'open';
  }

  draining(): void {
    this.phase = 'draining';
  }

  get isDraining(): boolean {
    return this.phase === 'draining';
  }

  async report(): Promise<HealthReport> {
    const results = await Promise.all(
      [...this.entries].map(async ([name, entry]) => [name, await currentResult(entry)] as const),
    );
    const missing = results.some(([, result]) => result.required && !result.ok);
    const open = missing ? 'not_ready' : 'ready';
    return { status: this.phase === 'open' ? open : this.phase, checks: Object.fromEntries(results) };
  }
}

function currentResult(entry: Entry): Promise<CheckResult> {
  const fresh = entry.doneAt === undefined || performance.now() - entry.doneAt < cacheMs;
  if (entry.result && fresh) return entry.result;
  delete entry.doneAt;
  entry.result = runCheck(entry.check).finally(() => {
    entry.doneAt = performance.now();
  });
  return entry.result;
}

async function runCheck(check: HealthCheck): Promise<CheckResult> {
  const { required = true } = check;
  const began = performance.now();
  const latencyMs = () => Math.round((performance.now() - began) * 10) / 10;
  try {
    await withinTime(timeoutMs, async (signal) => check.check(signal));
    return { ok: true, required, latencyMs: latencyMs() };
  } catch (error) {
    const why = error instanceof Error ? error.message || error.name : String(error);
    return { ok: false, required, latencyMs: latencyMs(), why };
  }
}
