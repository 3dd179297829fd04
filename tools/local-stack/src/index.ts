export { readLocalStackConfig, type LocalStackConfig } from './local-stack.config.js';
export {
  LocalStackConfigError,
  ProcessFailedError,
  ServiceUnavailableError,
  StackRunningError,
} from './local-stack.error.js';
export { freePort, isPortFree, preferPort } from './ports/free-port.js';
export { createDatabase, dropDatabase } from './postgres/create-database.sql.js';
export type { ServerExit, ServerProcess, ServerState } from './process/server-process.js';
export { findProcess } from './process/process-table.js';
export type { RedisPersistence } from './redis/redis-recipe.js';
export { serviceNames, type ServiceName } from './stack/service-name.js';
export type { S3Address, StackAddresses } from './stack/stack-addresses.js';
export type { StackOptions, UnavailableService } from './stack/stack-options.js';
export { startStack } from './stack/start-stack.js';
export type { Stack } from './stack/stack.js';
export { createTestStack, type TestStackOptions } from './testing/create-test-stack.js';
export {
  sharedTestStack,
  stopSharedTestStack,
  type SharedTestStack,
  type SharedTestStackOf,
  type SharedTestStackOptions,
} from './testing/shared-test-stack.js';

export type { LocalDeployment } from './start/local-files.js';
export { nodeArguments } from './start/node-command.js';
export {
  prepareDatabase,
  type DevelopmentTenant,
  type PrepareDatabaseOptions,
} from './start/prepare-database.js';
export {
  addressVariables,
  planServices,
  type PlannedService,
  type PlanOptions,
} from './start/service-plan.js';
export { ServiceProcess, type ServiceProcessOptions } from './start/service-process.js';
export { pythonPackages, type PythonPackages } from './python/python-packages.js';
