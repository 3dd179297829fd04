export { EventServer } from './event/event-server.js';
export type { EventOptions } from './event/event-worker.js';
export { jobTopicSpecs, systemTopicSpecs } from './event/topic-specs.js';
