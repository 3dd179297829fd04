// A door of its own: whoever passes it loads undici, which the producer, who only judges addresses, does not need.
export { guardedAgent, guardedLookup, RefusedAddressError, type ResolveAll } from './egress/guarded-agent.js';
