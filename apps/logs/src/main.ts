import { startAlone } from '@tollgate/service-kit';
import { logs } from './index.js';

await startAlone(logs);
