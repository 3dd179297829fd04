/** The process in which PostgreSQL's and Kafka's limits are measured. */
import { serveParent } from '../processes/serve-parent.js';
import { measureBaton } from './baton-limits.js';
import { measureKafka } from './kafka-limits.js';
import { measurePostgres } from './postgres-limits.js';

serveParent({ measurePostgres, measureBaton, measureKafka });
