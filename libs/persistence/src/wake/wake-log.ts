/** Where a notifier or listener tells of trouble; services pass their logger. */
export type WakeLog = (message: string, error: Error) => void;

/** Of the reconnection of a wake connection, which is wanted back within a second. */
export const reconnectMs = 250;
