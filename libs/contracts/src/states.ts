export const jobStates = [
  'scheduled',
  'held',
  'queued',
  'running',
  'succeeded',
  'cancelled',
  'dead',
] as const;
export type JobState = (typeof jobStates)[number];
export const liveStates = ['scheduled', 'held', 'queued', 'running'] as const satisfies readonly JobState[];
export type LiveState = (typeof liveStates)[number];
export const terminalStates = ['succeeded', 'cancelled', 'dead'] as const satisfies readonly JobState[];
export type TerminalState = (typeof terminalStates)[number];

export function isTerminal(state: JobState): state is TerminalState {
  return (terminalStates as readonly JobState[]).includes(state);
}

/**
 * Why a job is `held`: its lane's holder is not finished, its queue's or key's slots are taken or its tokens are
 * spent, its queue is paused, its parents are not finished, or the transaction that enqueued it in SQL is yet to be
 * admitted.
 */
export const holdReasons = ['lane', 'concurrency', 'rate', 'paused', 'parents', 'admission'] as const;
export type HoldReason = (typeof holdReasons)[number];

/** What moves a job. */
export const moves = [
  'accept',
  'due',
  'turn',
  'handover',
  'start',
  'outcome',
  'retry',
  'rescue',
  'refuse',
  'cancel',
  'reschedule',
  'replay',
] as const;
export type Move = (typeof moves)[number];

/**
 * The state machine: every change of state that may happen, and what makes it. `docs/state-machine.md`
 * draws it and the SQL triggers on it (`baton.job_transition`); a test compares the three.
 */
export const transitions: readonly { from: JobState | 'none'; to: JobState; by: Move }[] = [
  { from: 'none', to: 'scheduled', by: 'accept' },
  { from: 'none', to: 'held', by: 'accept' },
  { from: 'none', to: 'queued', by: 'accept' },
  { from: 'scheduled', to: 'held', by: 'due' },
  { from: 'scheduled', to: 'queued', by: 'due' },
  { from: 'held', to: 'queued', by: 'turn' },
  { from: 'held', to: 'running', by: 'handover' },
  { from: 'queued', to: 'running', by: 'start' },
  { from: 'queued', to: 'succeeded', by: 'outcome' },
  { from: 'running', to: 'succeeded', by: 'outcome' },
  { from: 'queued', to: 'dead', by: 'outcome' },
  { from: 'running', to: 'dead', by: 'outcome' },
  { from: 'queued', to: 'cancelled', by: 'outcome' },
  { from: 'running', to: 'cancelled', by: 'outcome' },
  { from: 'queued', to: 'scheduled', by: 'retry' },
  { from: 'running', to: 'scheduled', by: 'retry' },
  { from: 'queued', to: 'queued', by: 'rescue' },
  { from: 'running', to: 'queued', by: 'rescue' },
  { from: 'queued', to: 'dead', by: 'refuse' },
  { from: 'held', to: 'scheduled', by: 'turn' },
  { from: 'held', to: 'scheduled', by: 'reschedule' },
  { from: 'scheduled', to: 'cancelled', by: 'cancel' },
  { from: 'held', to: 'cancelled', by: 'cancel' },
  { from: 'queued', to: 'cancelled', by: 'cancel' },
  { from: 'running', to: 'cancelled', by: 'cancel' },
  { from: 'dead', to: 'scheduled', by: 'replay' },
];

/** True when the state machine allows the change. */
export function mayMove(from: JobState | 'none', to: JobState): boolean {
  return transitions.some((transition) => transition.from === from && transition.to === to);
}

export const dispatchModes = ['polling', 'event'] as const;
export type DispatchMode = (typeof dispatchModes)[number];

/** What a worker says of an execution. `started` binds it, `progress` tells how far it is; the others end it. */
export const outcomeKinds = [
  'started',
  'progress',
  'succeeded',
  'failed',
  'snoozed',
  'cancelled',
  'released',
] as const;
export type OutcomeKind = (typeof outcomeKinds)[number];

export const scopes = [
  'jobs:write',
  'jobs:read',
  'queues:admin',
  'webhooks:admin',
  'ops:read',
  'tenants:admin',
] as const;
export type Scope = (typeof scopes)[number];
