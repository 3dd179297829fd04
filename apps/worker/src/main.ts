import { runService } from '@baton/service';
import { worker } from './service.js';

await runService(worker);
