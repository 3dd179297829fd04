export * as fields from './config/fields.js';
export { ConfigError, type ConfigFault } from './config/config.error.js';
export { optional, parsed, variable, withDefault } from './config/field.js';
export type { ConfigOf, Environment, Field, Fields, VariableInfo } from './config/field.js';
export { loadConfig } from './config/load-config.js';
export type { LogLevel } from './config/baton.fields.js';
export type { KafkaConfig } from './config/kafka.field.js';
export { isLoopback, type AuthMode, type Cidr } from './config/network.fields.js';
export type { S3Config } from './config/s3.field.js';

export { createService, type CreateOptions } from './boot/create-service.js';
export { isAllowedOrigin } from './boot/origins.js';
export { defineService, runService, type ServiceDefinition, type ServiceHooks } from './boot/run-service.js';
export { serviceFields, type ServiceConfig } from './boot/service-config.js';
export { serviceLogger } from './boot/service-core.module.js';

export type { Drain, DrainReport, DrainStage } from './drain/drain.js';
export { DrainRegistry } from './drain/drain-registry.js';
export { withinTime } from './drain/within-time.js';
export {
  HealthRegistry,
  type CheckResult,
  type HealthCheck,
  type HealthReport,
} from './health/health-registry.js';
export { createLogger, type LoggerOptions } from './logging/logger.js';
export { NestLogger } from './logging/nest-logger.js';
export { addProcessMetrics, startMetricsServer, type MetricsServer } from './metrics/metrics-server.js';

export { problemHeaders, problemMediaType, toProblem, type Problem } from './problem/problem.js';
export { ProblemResponder } from './problem/problem-responder.js';
export { invalidRequest, validate } from './problem/validate.js';
export { validationPipe } from './problem/validation.pipe.js';

export { ApiKeyGuard } from './auth/api-key.guard.js';
export { hashApiKey, newApiKey } from './auth/api-key.js';
export { AuthModule, type AuthModuleOptions } from './auth/auth.module.js';
export { Authenticator, type AuthOptions, type DefaultTenant, type Demand } from './auth/authenticator.js';
export { readCookie } from './auth/read-cookie.js';
export { callerOf, holderOf, setCaller, type Caller, type JobCaller, type KeyCaller } from './auth/caller.js';
export { deriveJobTokenKey, jobTokenSeconds, signJobToken, verifyJobToken } from './auth/job-token.js';
export type { JobTokenClaims, JobTokenKey } from './auth/job-token.js';
export type { FoundKey, KeyLookup, KeyRateLimit, KeyRateLimiter } from './auth/key-lookup.js';
export { JobTokenAllowed, Principal, Public, Scopes, type JobTokenRule } from './auth/route-access.js';

export { setupOpenApi, type OpenApiOptions } from './openapi/setup-openapi.js';
export { SignedLinks, type LinkSeal } from './secrets/signed-links.js';
export { secretBox, type SecretBox } from './secrets/secret-box.js';

export { compileSchema, payloadInvalid, type PayloadCheck } from './payload/payload-schema.js';
export { durationSchema } from './schema/duration.schema.js';
export { decodeCursor, idPlace, namePlace, pageFields, pageOf, pageSchema } from './schema/list.schema.js';
export { matchesEtag, tagsOf } from './schema/etag.js';
export { idSchema, nameSchema, storableText } from './schema/text.schema.js';
