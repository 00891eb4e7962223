import { startAlone } from '@tollgate/service-kit';
import { gateway } from './index.js';

await startAlone(gateway);
