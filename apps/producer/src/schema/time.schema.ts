import { z } from 'zod';

/** A moment, as the API takes it. */
export const timeSchema = z.iso.datetime({
  offset: true,
  error: 'must be an ISO 8601 time with its zone, such as "2027-01-31T12:00:00Z"',
});
