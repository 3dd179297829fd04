// Run before the application: `node --import @baton/tracing/register dist/main.js`.
import { startTracing } from './sdk/start-tracing.js';
import { readTracingConfig } from './sdk/tracing-config.js';

await startTracing(readTracingConfig());
