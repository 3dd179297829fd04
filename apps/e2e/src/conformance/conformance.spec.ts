import { type DispatchMode, dispatchModes } from '@baton/contracts';
import { nouns } from './cases/index.js';
import { type Servers, startServers } from './servers.js';
import { System } from './system.js';

let servers: Servers;
beforeAll(async () => {
  servers = await startServers();
});
afterAll(() => servers?.stop());

describe.each(dispatchModes)('%s', (mode: DispatchMode) => {
  let system: System;
  beforeAll(async () => {
    system = await System.open(mode, servers);
  });
  afterEach(() => system.reset());
  afterAll(() => system?.close());

  describe.each(Object.entries(nouns))('%s', (_noun, declare) => declare(() => system));
});
