import { Initial0001 } from './0001-initial.js';
import { DispatchEngine0002 } from './0002-dispatch-engine.js';
import { LimitsAndQueues0003 } from './0003-limits-and-queues.js';
import { CancelAndOperations0004 } from './0004-cancel-and-operations.js';
import { FlowsAndUnique0005 } from './0005-flows-and-unique.js';
import { Rescue0006 } from './0006-rescue.js';
import { SchedulesAndEnqueue0007 } from './0007-schedules-and-enqueue.js';
import { Events0009 } from './0009-events.js';
import { Webhooks0010 } from './0010-webhooks.js';
import { Objects0011 } from './0011-objects.js';
import { EngineDoors0013 } from './0013-engine-doors.js';
import { GateTurns0014 } from './0014-gate-turns.js';

export const migrations = [
  Initial0001,
  DispatchEngine0002,
  LimitsAndQueues0003,
  CancelAndOperations0004,
  FlowsAndUnique0005,
  Rescue0006,
  SchedulesAndEnqueue0007,
  Events0009,
  Webhooks0010,
  Objects0011,
  EngineDoors0013,
  GateTurns0014,
];
