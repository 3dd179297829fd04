export { addressGuard, type AddressGuard } from './egress/address-guard.js';
export { guardedAgent, guardedLookup, RefusedAddressError, type ResolveAll } from './egress/guarded-agent.js';
export { refuseReceiverUrl } from './egress/receiver-url.js';
