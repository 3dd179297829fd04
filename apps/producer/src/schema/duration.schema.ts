export { durationSchema } from '@baton/service';
