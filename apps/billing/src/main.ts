import { startAlone } from '@tollgate/service-kit';
import { billing } from './index.js';

await startAlone(billing);
