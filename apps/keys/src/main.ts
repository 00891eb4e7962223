import { startAlone } from '@tollgate/service-kit';
import { keys } from './index.js';

await startAlone(keys);
