import { Injectable } from '@nestjs/common';
import type { CallToolResult } from '@modelcontextprotocol/sdk/types.js';
import { type BucketState, Directory, type McpServerEntry } from '@tollgate/access';
import type { RunMode } from '../execute/admitted-run.js';
import type { RunClient } from '../runs/run-client.js';
import type { Leaver } from '../runs/leaver.js';
import type { RunCaller } from '../runs/run-caller.js';
import type { EndedRun } from '../runs/ended-run.js';
import { RunWorkflow } from '../runs/run-workflow.js';
import { refusalFault, toolNotFound } from './mcp-fault.js';
import { offeredWorkflows } from './mcp-tools.js';

const MODE: RunMode = { trigger: 'mcp', bucket: 'sync', stage: 'run' };

export interface ToolCall {
  server: McpServerEntry;
  caller: RunCaller;
  tool: string;
  input: Record<string, unknown>;
  client: RunClient;
}

/** Runs the workflow behind a tool: admitted, limited, billed and logged as any run. */
@Injectable()
export class CallTool {
  constructor(
    private readonly directory: Directory,
    private readonly runWorkflow: RunWorkflow,
  ) {}

  /** Throws an `McpFault` for a tool that is not there and a run that may not start; a run that failed is a result. */
  async call(
    { server, caller, tool, input, client }: ToolCall,
    leaver: Leaver,
  ): Promise<{ result: CallToolResult; rate: BucketState | null }> {
    const offered = await offeredWorkflows(this.directory, server);
    const found = offered.find(({ toolName }) => toolName === tool);
    if (!found) throw toolNotFound(tool);
    const asked = { input, inputJson: JSON.stringify(input), executionId: undefined, overridesTrigger: false };
    const order = { caller, workflowId: found.workflowId, asked, client, mode: MODE };
    const run = await this.runWorkflow.run(order, leaver);
    if (!run.admitted) throw refusalFault(run.refusal, tool);
    return { result: resultOf(run), rate: run.rate };
  }
}

function resultOf(run: EndedRun): CallToolResult {
  const output: unknown = JSON.parse(run.outputJson);
  if (run.status === 'completed') return textResult(output, false);
  return textResult({ success: false, executionId: run.runId, output, error: run.error?.message }, true);
}

function textResult(value: unknown, isError: boolean): CallToolResult {
  return { content: [{ type: 'text', text: JSON.stringify(value, null, 2) }], isError };
}
