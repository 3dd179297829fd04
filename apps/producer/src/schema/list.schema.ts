export { decodeCursor, idPlace, namePlace, pageFields, pageOf, pageSchema } from '@baton/service';
