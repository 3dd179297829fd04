import { runService } from '@baton/service';
import { producer } from './service.js';

await runService(producer);
