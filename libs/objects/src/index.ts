export type {
  LinkedFile,
  ObjectPage,
  ObjectStore,
  OpenObject,
  PutOptions,
  StoredObject,
} from './object-store.js';
export {
  objectKinds,
  prefixOf,
  resultKey,
  resultOfKey,
  sealedKey,
  uploadKey,
  uploadOfKey,
  type ObjectKind,
  type ResultObject,
} from './object-keys.js';
export { attachment } from './attachment.js';
export { collect, hashOf, verified } from './hashing.js';
export { openS3 } from './s3/open-s3.js';
export type { S3Settings } from './s3/s3-settings.js';
