import type { Provider, Type } from '@nestjs/common';
import { FinishedRuns } from './finished-runs.js';
import { MetaController } from './meta.controller.js';
import { V2ExecuteRoute } from './v2-execute-route.js';
import { V2WorkflowShelf } from './v2-workflow-shelf.js';
import { V2WorkflowsController } from './v2-workflows.controller.js';

/** What the gateway's module needs for v2. */
export const V2_CONTROLLERS: Type[] = [MetaController, V2WorkflowsController];
export const V2_PROVIDERS: Provider[] = [FinishedRuns, V2WorkflowShelf, V2ExecuteRoute];
