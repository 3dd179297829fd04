import { Injectable } from '@nestjs/common';

import { withinTime } from './within-time.js';
import type { Drain, DrainReport, DrainStage } from './drain.js';

/** The drains of a service. */
@Injectable()
export class DrainRegistry {
  private readonly drains: Drain[] = [];

  add(drain: Drain): void {
    this.drains.push(drain);
  }

  /** Runs the drains of a stage; a failed or late one is reported and keeps no other from running. */
  async run(stage: DrainStage, report: (report: DrainReport) => void): Promise<void> {
    const drains = this.drains.filter((each) => (each.stage ?? 'release') === stage);
    if (stage === 'release') await Promise.all(drains.map(async (drain) => report(await runDrain(drain))));
    else for (const drain of drains) report(await runDrain(drain));
  }
}

/** Runs one drain within its time. Never throws: what went wrong is in the report. */
export async function runDrain(drain: Drain): Promise<DrainReport> {
  const { name, timeoutMs } = drain;
  const began = performance.now();
  const ms = () => Math.round(performance.now() - began);
  try {
    await withinTime(timeoutMs, async (signal) => drain.drain(signal));
    return { name, ok: true, ms: ms() };
  } catch (error) {
    return { name, ok: false, ms: ms(), why: error instanceof Error ? error.message : String(error) };
  }
}
