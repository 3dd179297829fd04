import { BatonError, channels } from '@baton/contracts';
import {
  cancelOperation,
  Database,
  insertOperation,
  type NewOperation,
  Notifier,
  type OperationRow,
  readOperation,
  retrying,
} from '@baton/persistence';
import { Inject, Injectable } from '@nestjs/common';
import { uuidv7 } from 'uuidv7';

/** Operations on many jobs: made here, worked off by the relay. */
@Injectable()
export class Operations {
  constructor(
    @Inject(Database) private readonly database: Database,
    @Inject(Notifier) private readonly notifier: Notifier,
  ) {}

  async begin(operation: Omit<NewOperation, 'id'>): Promise<OperationRow> {
    const id = uuidv7();
    const row = await retrying(() => insertOperation(this.database.pool, { ...operation, id }));
    this.notifier.wake(channels.operations, id);
    return row;
  }

  /** @throws BatonError `not_found` */
  async read(tenantId: string, id: string): Promise<OperationRow> {
    const row = await retrying(() => readOperation(this.database.pool, tenantId, id));
    if (!row) throw new BatonError('not_found', `there is no operation ${id}`);
    return row;
  }

  /**
   * Stops it after the slice that is under way; what it has done stays done.
   * @throws BatonError `not_found`; `state_conflict` when it has ended
   */
  async cancel(tenantId: string, id: string): Promise<OperationRow> {
    const row = await retrying(() => cancelOperation(this.database.pool, tenantId, id));
    if (row) return row;
    const { state } = await this.read(tenantId, id);
    throw new BatonError(
      'state_conflict',
      `operation ${id} is ${state}; only a running one can be cancelled`,
    );
  }
}
