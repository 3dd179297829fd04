export { EventServer } from './event/event-server.js';
export type { EventOptions } from './event/event-worker.js';
