import type { Provider, Type } from '@nestjs/common';
import { FinishedRuns } from './finished-runs.js';
import { MetaController } from './meta.controller.js';
import { V2ExecuteModes } from './v2-execute-modes.js';
import { V2ExecuteRoute } from './v2-execute-route.js';
import { OpenRuns } from './open-runs.js';
import { V2AnswerRun } from './v2-answer-run.js';
import { V2RunList } from './v2-run-list.js';
import { V2RunsController } from './v2-runs.controller.js';
import { V2WorkflowShelf } from './v2-workflow-shelf.js';
import { V2WorkflowsController } from './v2-workflows.controller.js';

/** What the gateway's module needs for v2. */
export const V2_CONTROLLERS: Type[] = [MetaController, V2WorkflowsController, V2RunsController];
export const V2_PROVIDERS: Provider[] = [
  FinishedRuns,
  OpenRuns,
  V2RunList,
  V2WorkflowShelf,
  V2AnswerRun,
  V2ExecuteModes,
  V2ExecuteRoute,
];
