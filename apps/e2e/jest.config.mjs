import { env } from 'node:process';

export default {
  preset: '../../jest.preset.js',
  displayName: 'e2e',
  // Each suite starts the whole system: one after another, and with time for it.
  maxWorkers: 1,
  testTimeout: 120_000,
  // The faults and the walk through the OpenAPI documents are slow, and have a command of their own: `npm run test:faults`.
  testPathIgnorePatterns:
    env.BATON_E2E_FAULTS === undefined
      ? ['/src/faults/', '/src/openapi/']
      : ['/src/[^/]*spec', '/src/conformance/', '/src/cli/'],
};
