// Served by real workers: no TypeScript, so that a built worker loads it too.
import { appendFileSync, existsSync } from 'node:fs';
import { JobHandler } from '@baton/worker-kit';
import { Controller } from '@nestjs/common';

/** Its first attempt holds the event loop of its process, as no handler should, until a file is there. Each entry is noted. */
export class BlockController {
  async block({ until }, context) {
    appendFileSync(`${until}-entered`, `${context.attempt} `);
    await context.checkpoint({ begun: true }); // who runs it is known by then
    const cell = new Int32Array(new SharedArrayBuffer(4));
    while (context.attempt === 1 && !existsSync(until)) Atomics.wait(cell, 0, 0, 20);
    return { attempt: context.attempt };
  }
}
const method = Object.getOwnPropertyDescriptor(BlockController.prototype, 'block');
JobHandler('block')(BlockController.prototype, 'block', method);
Controller()(BlockController);
