import { Initial0001 } from './0001-initial.js';

export const migrations = [Initial0001];
