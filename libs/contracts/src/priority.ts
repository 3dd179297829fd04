/** Priorities as the API names them, and as they sort in PostgreSQL: the lowest number first. */
export const priorities = { high: 0, normal: 1, low: 2 } as const;
export type Priority = keyof typeof priorities;
export const priorityNames = ['high', 'normal', 'low'] as const satisfies readonly Priority[];
/** One in so many takes of a queue is a turn of the lower priorities: of `low` and of `normal`, each in its turn. */
export const takesPerTurn = 16;
