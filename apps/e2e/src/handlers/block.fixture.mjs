// Served by real workers: no TypeScript, so that a built worker loads it too.
import { existsSync, writeFileSync } from 'node:fs';
import { JobHandler } from '@baton/worker-kit';
import { Controller } from '@nestjs/common';

/**
 * Entered for the first time, it holds the event loop of its process, as no handler should, until a file is there. Not so
 * when entered again: in event mode a record whose offset its worker could not commit is read again before it is refused.
 */
export class BlockController {
  async block({ until }, context) {
    const first = !existsSync(`${until}-entered`);
    writeFileSync(`${until}-entered`, '');
    await context.checkpoint({ begun: true }); // who runs it is known by then
    const cell = new Int32Array(new SharedArrayBuffer(4));
    while (first && !existsSync(until)) Atomics.wait(cell, 0, 0, 20);
    return { attempt: context.attempt };
  }
}
const method = Object.getOwnPropertyDescriptor(BlockController.prototype, 'block');
JobHandler('block')(BlockController.prototype, 'block', method);
Controller()(BlockController);
