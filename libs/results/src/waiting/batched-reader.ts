import { limits } from '@baton/contracts';
import type { Standing } from '@baton/persistence';
import type { ResultReader } from '../result-reader.js';

interface Asked {
  jobId: string;
  resolve: (standing: Standing | undefined) => void;
  reject: (error: unknown) => void;
}

/**
 * Reads single jobs in batches: what is asked for in one turn of the event loop, or while a read is under way,
 * shares the next one. A lone question waits for nobody.
 */
export class BatchedReader {
  private asked: Asked[] = [];
  private reading = false;

  constructor(private readonly reader: ResultReader) {}

  /** @returns undefined for an unknown job */
  read(jobId: string): Promise<Standing | undefined> {
    const answer = new Promise<Standing | undefined>((resolve, reject) =>
      this.asked.push({ jobId, resolve, reject }),
    );
    if (!this.reading) {
      this.reading = true;
      setImmediate(() => void this.readAll());
    }
    return answer;
  }

  private async readAll(): Promise<void> {
    while (this.asked.length > 0) {
      const batch = this.asked.splice(0, limits.batch);
      try {
        const found = await this.reader.read([...new Set(batch.map((each) => each.jobId))]);
        for (const { jobId, resolve } of batch) resolve(found.get(jobId));
      } catch (error) {
        for (const { reject } of batch) reject(error);
      }
    }
    this.reading = false;
  }
}
