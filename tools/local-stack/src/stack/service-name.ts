export const serviceNames = ['postgres', 'kafka', 'redis', 's3'] as const;

/** One of the servers that a stack runs. */
export type ServiceName = (typeof serviceNames)[number];
