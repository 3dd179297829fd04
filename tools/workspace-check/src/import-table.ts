const libraries = {
  contracts: [],
  tracing: ['contracts'],
  persistence: ['contracts', 'tracing'],
  messaging: ['contracts', 'tracing'],
  objects: ['contracts', 'tracing'],
  results: ['contracts', 'tracing', 'persistence', 'objects'],
  'worker-kit': ['contracts', 'tracing', 'messaging', 'objects', 'persistence'],
  client: ['contracts'],
  react: ['client'],
  service: ['contracts', 'tracing'],
};
const everyLibrary = Object.keys(libraries);

/**
 * Which project of the workspace may import which.
 * The lint rule says the same in its own words; what changes one of the two alone turns a test red.
 */
export const importTable: Record<string, readonly string[]> = {
  ...libraries,
  producer: everyLibrary,
  relay: everyLibrary,
  worker: everyLibrary,
  'result-gateway': everyLibrary,
  cli: ['contracts', 'client'],
  'local-stack': ['contracts', 'tracing'],
  'workspace-check': [],
  // The conformance suite runs the services in its own process.
  e2e: [...everyLibrary, 'local-stack', 'producer', 'relay', 'worker', 'result-gateway', 'cli', 'examples'],
  bench: [...everyLibrary, 'local-stack'],
  examples: [...everyLibrary, 'local-stack'],
};
