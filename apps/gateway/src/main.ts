import { join } from 'node:path';
import { startAlone } from '@tollgate/service-kit';
import { gateway } from './index.js';

/** The dashboard as its own build leaves it: a gateway is all that people reach of a fleet. */
await startAlone(gateway, join(import.meta.dirname, '../../dashboard/dist'));
