export const operationKinds = ['cancel', 'replay', 'purge'] as const;
/** Cancel live jobs; replay dead ones; delete dead ones for good. */
export type OperationKind = (typeof operationKinds)[number];

export const operationStates = ['running', 'finished', 'cancelled', 'failed'] as const;
export type OperationState = (typeof operationStates)[number];
