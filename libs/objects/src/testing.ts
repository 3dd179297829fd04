export { testObjects, type TestObjects } from './testing/test-objects.js';
