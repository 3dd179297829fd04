export { ChildService } from './testing/child-service.js';
export { testService, type TestService } from './testing/test-service.js';
export { ServiceInProcess } from './testing/service-in-process.js';
