import { Module } from '@nestjs/common';
import { Config, Databases } from '@tollgate/service-kit';
import { AdmitRun } from './execute/admit-run.js';
import { AnswerRun } from './execute/answer-run.js';
import { ExecuteModes } from './execute/execute-modes.js';
import { ExecuteRoute } from './execute/execute-route.js';
import { RunRecorder } from './execute/run-recorder.js';
import { ExpressionRunner } from './expression-runner.js';
import { FleetDocument } from './forward/fleet-document.js';
import { Forward } from './forward/forward.js';
import { ServicesController } from './forward/services.controller.js';
import { GATEWAY_MIGRATIONS, GATEWAY_SCHEMA, GatewayDatabase } from './gateway-database.js';
import { HttpRunner } from './http-runner.js';
import { KeyOrSessionGuard } from './key-or-session.guard.js';
import { CallTool } from './mcp/call-tool.js';
import { CreateMcpServerHandler } from './mcp/create-mcp-server.js';
import { DeleteMcpServerHandler } from './mcp/delete-mcp-server.js';
import { McpDiscoverController } from './mcp/mcp-discover.controller.js';
import { McpDoor } from './mcp/mcp-door.js';
import { McpServeRoute } from './mcp/mcp-serve-route.js';
import { McpServerShelf } from './mcp/mcp-server-shelf.js';
import { McpServersController } from './mcp/mcp-servers.controller.js';
import { UpdateMcpServerHandler } from './mcp/update-mcp-server.js';
import { CancelRun } from './jobs/cancel-run.js';
import { EnqueueRun } from './jobs/enqueue-run.js';
import { GatewayIdentity } from './jobs/gateway-identity.js';
import { JobBook } from './jobs/job-book.js';
import { JobEnds } from './jobs/job-ends.js';
import { JobPump } from './jobs/job-pump.js';
import { JobQueue } from './jobs/job-queue.js';
import { JobRecovery } from './jobs/job-recovery.js';
import { JobsController } from './jobs/jobs.controller.js';
import { RunJob } from './jobs/run-job.js';
import { LiveRuns } from './runs/live-runs.js';
import { PerformRun } from './runs/perform-run.js';
import { ExecutionsController } from './runs/executions.controller.js';
import { ClaimTable } from './idempotency/claim-table.js';
import { MonotonicClock } from './idempotency/monotonic-clock.js';
import { RepeatableCalls } from './idempotency/repeatable-calls.js';
import { EndedBefore } from './runs/ended-before.js';
import { RunStates } from './runs/run-states.js';
import { RunWorkflow } from './runs/run-workflow.js';
import { GatewaySpool } from './spool/gateway-spool.js';
import { RepeatableStream } from './streams/repeatable-stream.js';
import { StreamRun } from './streams/stream-run.js';
import { StatusController } from './status.controller.js';
import { V2_CONTROLLERS, V2_PROVIDERS } from './v2/v2-parts.js';
import { WorkflowRunners } from './workflow-runners.js';
import { CreateWorkflowHandler } from './workflows/create-workflow.js';
import { DeleteWorkflowHandler } from './workflows/delete-workflow.js';
import { DeployWorkflowHandler } from './workflows/deploy-workflow.js';
import { DeploymentSecrets } from './workflows/deployment-secrets.js';
import { ResealWorkflowsHandler } from './workflows/reseal-workflows.js';
import { WorkflowSecretsController } from './workflows/workflow-secrets.controller.js';
import { UndeployWorkflowHandler } from './workflows/undeploy-workflow.js';
import { UpdateWorkflowHandler } from './workflows/update-workflow.js';
import { WorkflowShelf } from './workflows/workflow-shelf.js';
import { WorkflowsController } from './workflows/workflows.controller.js';

/** Admits callers and runs workflows. */
@Module({
  controllers: [
    StatusController,
    ExecutionsController,
    JobsController,
    WorkflowsController,
    McpServersController,
    McpDiscoverController,
    WorkflowSecretsController,
    ServicesController,
    ...V2_CONTROLLERS,
  ],
  providers: [
    KeyOrSessionGuard,
    {
      provide: GatewayDatabase,
      inject: [Databases, Config],
      useFactory: (databases: Databases, config: Config) =>
        databases.open({
          url: config.DATABASE_URL ?? '',
          schema: GATEWAY_SCHEMA,
          poolMax: config.DATABASE_POOL_MAX,
          migrations: GATEWAY_MIGRATIONS,
        }),
    },
    WorkflowShelf,
    DeploymentSecrets,
    CreateWorkflowHandler,
    UpdateWorkflowHandler,
    DeleteWorkflowHandler,
    DeployWorkflowHandler,
    UndeployWorkflowHandler,
    ResealWorkflowsHandler,
    ExpressionRunner,
    HttpRunner,
    WorkflowRunners,
    GatewaySpool,
    RunRecorder,
    AdmitRun,
    PerformRun,
    RunWorkflow,
    LiveRuns,
    RepeatableStream,
    RunStates,
    EndedBefore,
    ClaimTable,
    MonotonicClock,
    RepeatableCalls,
    GatewayIdentity,
    JobQueue,
    JobEnds,
    RunJob,
    JobRecovery,
    JobPump,
    JobBook,
    EnqueueRun,
    CancelRun,
    AnswerRun,
    StreamRun,
    ExecuteModes,
    ExecuteRoute,
    FleetDocument,
    Forward,
    McpServerShelf,
    CreateMcpServerHandler,
    UpdateMcpServerHandler,
    DeleteMcpServerHandler,
    McpDoor,
    CallTool,
    McpServeRoute,
    ...V2_PROVIDERS,
  ],
})
export class GatewayModule {}
