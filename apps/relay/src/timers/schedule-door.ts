import { BatonError } from '@baton/contracts';
import {
  type Backlogs,
  type FiringDoor,
  queueDraining,
  type QueueDoor,
  readQueueDoors,
} from '@baton/persistence';
import { compileSchema, type PayloadCheck, payloadInvalid } from '@baton/service';

/** What a schedule's run must pass, as a post must: each schema is compiled once, and again when it has changed. */
export class ScheduleDoor {
  private readonly checks = new Map<string, { schema: string; check: PayloadCheck }>();

  constructor(private readonly backlogs: Backlogs) {}

  readonly enter: FiringDoor = async (db, firings) => {
    if (firings.length === 0) return [];
    const doors = new Map((await readQueueDoors(db)).map((door) => [door.name, door]));
    return Promise.all(
      firings.map(async ({ queue, payload, jobs }) => {
        const door = doors.get(queue);
        // One that is not there is named by the insert.
        return door && this.refusal(door, payload, jobs);
      }),
    );
  };

  private async refusal(door: QueueDoor, payload: string, jobs: number): Promise<BatonError | undefined> {
    if (door.draining) return queueDraining(door.name);
    const faults = this.checkOf(door)?.(JSON.parse(payload)) ?? [];
    if (faults.length > 0) return payloadInvalid(door.name, faults);
    try {
      await this.backlogs.enter(door, jobs);
      return undefined;
    } catch (error) {
      if (BatonError.is(error) && error.code === 'queue_backlogged') return error;
      throw error;
    }
  }

  private checkOf({ name, schema }: QueueDoor): PayloadCheck | undefined {
    if (schema === null) return undefined;
    let known = this.checks.get(name);
    if (known?.schema !== schema) {
      known = { schema, check: compileSchema(JSON.parse(schema) as object | boolean) };
      this.checks.set(name, known);
    }
    return known.check;
  }
}
