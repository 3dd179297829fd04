export { idSchema, nameSchema, storableText } from '@baton/service';
