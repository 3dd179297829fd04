export type { OutcomeFeed } from './polling/outcome-feed.js';
export { PollingServer } from './polling/polling-server.js';
export type { PollingOptions } from './polling/polling-worker.js';
export { StackWorker, type StackWorkerOptions } from './polling/stack-worker.js';
