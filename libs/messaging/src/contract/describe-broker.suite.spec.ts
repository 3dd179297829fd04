import { adminContract } from './admin.suite.spec.js';
import { consumerContract } from './consumer.suite.spec.js';
import { Harness, type ConnectBroker } from './harness.suite.spec.js';
import { producerContract } from './producer.suite.spec.js';
import { readerContract } from './reader.suite.spec.js';
import { recoveryContract, type BrokerProcess } from './recovery.suite.spec.js';
import { sequentialContract } from './sequential.suite.spec.js';

/** What every adapter of the broker port must do. Runs against a real broker that others may use too. */
export function describeBroker(name: string, connect: ConnectBroker): void {
  describe(`${name} keeps the broker's contract`, () => {
    const harness = new Harness(connect);

    beforeEach(async () => {
      harness.broker = await harness.open();
    });

    afterEach(() => harness.close());

    describe('producer', () => producerContract(harness));
    describe('consumer, handing over', () => consumerContract(harness));
    describe('consumer, in sequence', () => sequentialContract(harness));
    describe('reader', () => readerContract(harness));
    describe('admin', () => adminContract(harness));
  });
}

/** What an adapter must do when the broker fails. Runs against a broker of its own. */
export function describeBrokerRecovery(
  name: string,
  connect: ConnectBroker,
  server: () => BrokerProcess,
): void {
  describe(`${name} outlives its broker's failures`, () => {
    const harness = new Harness(connect);

    beforeEach(async () => {
      await server().mend();
      harness.broker = await harness.open();
    });

    afterEach(() => harness.close());

    recoveryContract(harness, server);
  });
}
