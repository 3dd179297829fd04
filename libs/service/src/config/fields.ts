export { dispatchMode, logLevel, masterKey } from './baton.fields.js';
export { kafka } from './kafka.field.js';
export { auth, host, webhookAllow } from './network.fields.js';
export { duration, flag, integer, oneOf, port, text } from './plain.fields.js';
export { s3 } from './s3.field.js';
export { allowedOrigins, databaseUrl, redisUrl } from './url.fields.js';
