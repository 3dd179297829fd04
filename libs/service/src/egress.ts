export { addressGuard, type AddressGuard } from './egress/address-guard.js';
export {
  httpSigningKey,
  standardHeaders,
  type SignedTry,
  type SigningKey,
} from './egress/standard-headers.js';
export { refuseReceiverUrl } from './egress/receiver-url.js';
