export default {
  preset: '../../jest.preset.js',
  displayName: 'e2e',
  // Each suite starts the whole system: one after another, and with time for it.
  maxWorkers: 1,
  testTimeout: 120_000,
};
