export { testObjects, type TestObjects } from './testing/test-objects.js';
export { outageOf, type Outage } from './testing/outage.js';
