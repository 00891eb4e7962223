import type { WorkflowEntry, WorkspaceEntry } from '@tollgate/access';
import { keptClientText, type PayerRule, type Trigger } from '@tollgate/contracts';
import type { RunCaller } from '../runs/run-caller.js';
import { keptJson } from './json-text.js';

/** Who runs what for whom: the same for every run of a key and workflow. */
export interface RunParty extends Parties {
  /** The members of a run's events that name its parties, as JSON without braces. */
  json: string;
}

export interface Parties {
  caller: RunCaller;
  workflowId: string;
  workflow: WorkflowEntry;
  workspace: WorkspaceEntry;
  actorUserId: string | null;
  payerUserId: string;
  payerRule: PayerRule;
}

/** One run as its events tell it. */
export interface RunFacts {
  runId: string;
  /** What the ids of its events begin with; unique for ever, unlike a run id that a caller chose. */
  eventKey: string;
  partyJson: string;
  trigger: Trigger;
  payerRule: PayerRule;
  priceId: string;
  requestId: string;
  deploymentVersionId: string | null;
  billable: boolean;
  status: 'completed' | 'failed' | 'cancelled' | 'refused';
  startedAt: string;
  /** When it was admitted, where that was not when it started. */
  admittedAt?: string | undefined;
  endedAt: string;
  durationMs: number;
  baseMicros: number;
  runnerMicros: number;
  inputJson: string;
  outputJson: string;
  error: { code: string; message: string } | undefined;
  userAgent: string | undefined;
  clientInfo: string | undefined;
}

const ERROR_TEXT_MAX = 2_000;
/** Names of JSON are all ASCII here, and ids are checked or made by the platform: only free text is escaped. */
const text = JSON.stringify as (value: string | null) => string;

/** The members of a run's events that name its parties, as JSON without braces. */
export function partyJsonOf(party: Parties): string {
  const { caller, workflow, workspace } = party;
  return (
    `"workspaceId":${text(workflow.workspaceId)},"workspaceName":${text(workspace.name)}` +
    `,"workflowId":${text(party.workflowId)},"workflowName":${text(workflow.deployment?.name ?? workflow.name)}` +
    keyJsonOf(caller) +
    `,"actorUserId":${text(party.actorUserId)},"payerUserId":${text(party.payerUserId)}`
  );
}

function keyJsonOf(caller: RunCaller): string {
  if (caller.kind === 'public') return ',"keyId":null,"keyName":null,"keyKind":null';
  return `,"keyId":${text(caller.keyId)},"keyName":${text(caller.keyName)},"keyKind":"${caller.keyKind}"`;
}

/**
 * The events of a run as CloudEvents texts: `RunFinished`, and before it `RequestBilled` when the run started. Written
 * once, with input and output spliced in as they came, since building and writing them is most of what recording costs.
 * Their ids are fixed here, so that shipping twice enters once.
 */
export function runEvents(run: RunFacts): string[] {
  const finished =
    envelopeHead(run, 'finished', 'RunFinished', run.endedAt) +
    `"runId":"${run.runId}",${run.partyJson},"trigger":"${run.trigger}","requestId":${text(run.requestId)}` +
    `,"deploymentVersionId":${run.deploymentVersionId === null ? 'null' : `"${run.deploymentVersionId}"`}` +
    `,"billable":${run.billable},"status":"${run.status}","startedAt":"${run.startedAt}"${admittedJson(run)},"endedAt":"${run.endedAt}"` +
    `,"durationMs":${run.durationMs},"costMicros":${run.baseMicros + run.runnerMicros}` +
    `,"input":${keptJson(run.inputJson)},"output":${keptJson(run.outputJson)},"error":${errorJson(run.error)}` +
    `,"client":{"userAgent":${clientText(run.userAgent)},"clientInfo":${clientText(run.clientInfo)}}}}`;
  if (!run.billable) return [finished];
  const billed =
    envelopeHead(run, 'billed', 'RequestBilled', run.endedAt) +
    `"runId":"${run.runId}",${run.partyJson},"trigger":"${run.trigger}","payerRule":"${run.payerRule}","priceId":${text(run.priceId)}` +
    `,"admittedAt":"${run.admittedAt ?? run.startedAt}","durationMs":${run.durationMs},"baseMicros":${run.baseMicros}` +
    `,"runnerMicros":${run.runnerMicros}}}`;
  return [billed, finished];
}

function envelopeHead({ runId, eventKey }: RunFacts, suffix: string, type: string, time: string): string {
  return (
    `{"specversion":"1.0","id":"${eventKey}:${suffix}","source":"/tollgate/gateway","type":"${type}"` +
    `,"subject":"${runId}","time":"${time}","datacontenttype":"application/json","data":{`
  );
}

function admittedJson({ admittedAt }: RunFacts): string {
  return admittedAt === undefined ? '' : `,"admittedAt":"${admittedAt}"`;
}

function errorJson(error: RunFacts['error']): string {
  if (!error) return 'null';
  return `{"code":${text(error.code)},"message":${text(error.message.slice(0, ERROR_TEXT_MAX).toWellFormed())}}`;
}

function clientText(value: string | undefined): string {
  return value === undefined ? 'null' : text(keptClientText(value));
}
