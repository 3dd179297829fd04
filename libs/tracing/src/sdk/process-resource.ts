import { randomUUID } from 'node:crypto';
import { hostname } from 'node:os';
import {
  detectResources,
  envDetector,
  resourceFromAttributes,
  type Resource,
} from '@opentelemetry/resources';

/**
 * Who speaks: `OTEL_SERVICE_NAME` and `OTEL_RESOURCE_ATTRIBUTES` over what the process knows of itself. No
 * detector that asks a cloud's metadata server, which hangs where there is none.
 */
export function processResource(): Resource {
  return resourceFromAttributes({
    'service.name': 'baton',
    'service.instance.id': randomUUID(),
    'host.name': hostname(),
    'process.pid': process.pid,
  }).merge(detectResources({ detectors: [envDetector] }));
}
