import { runService } from '@baton/service';
import { relay } from './service.js';

await runService(relay);
