import path from 'node:path';

/** The checkout this package lies in: `tools/local-stack/src` and `tools/local-stack/dist` are equally deep. */
export const repositoryRoot = path.resolve(import.meta.dirname, '../../..');
