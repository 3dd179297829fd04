import { randomBytes } from 'node:crypto';

/** W3C trace contexts of callers, each a trace of its own, of which an even share is sampled. */
export function traceParents(sampledShare: number): () => { traceparent: string } {
  let made = 0;
  return () => {
    const isSampled = Math.floor((made + 1) * sampledShare) > Math.floor(made * sampledShare);
    made++;
    return {
      traceparent: `00-${randomBytes(16).toString('hex')}-${randomBytes(8).toString('hex')}-0${isSampled ? 1 : 0}`,
    };
  };
}
