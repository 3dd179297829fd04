import { runService } from '@baton/service';
import { resultGateway } from './service.js';

await runService(resultGateway);
