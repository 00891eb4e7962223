import { TextDecoder } from 'node:util';
import { decimalToMicros, MICROS_PER_DOLLAR } from '@tollgate/contracts';
import { TOO_LARGE, type UpstreamAnswer } from './http-exchange.js';
import { completedRun, failedRun, OUTPUT_BYTES_MAX } from './runner-result.js';
import { UpstreamFault } from './upstream-fault.js';
import type { RunResult } from './workflow-runner.js';

/** The most that one run may cost on top of the base price; more is taken for a mistake and not billed. */
export const COST_MICROS_MAX = 1000 * MICROS_PER_DOLLAR;

export const COST_HEADER = 'x-tollgate-cost-usd';
const JSON_TYPE = /^(application|text)\/([^;]+\+)?json\s*(;|$)/i;

/**
 * What an upstream's final answer makes of a run (contract A6 `http` runner). 2xx: JSON is the output, other text a
 * string, nothing is null. Other statuses fail the run; their body is the output when it is good JSON, since it says
 * what went wrong. The reported cost counts either way. JSON is checked, and then kept as the text that came.
 */
export function resultOf(answer: UpstreamAnswer): RunResult {
  const runnerMicros = reportedCost(answer) ?? 0;
  const output = outputOf(answer);
  if (answer.status < 200 || answer.status > 299) {
    const isJson = !(output instanceof UpstreamFault) && hasJsonType(answer);
    return failedRun(`Upstream answered ${answer.status}`, { runnerMicros, ...(isJson && { outputJson: output }) });
  }
  if (output instanceof UpstreamFault) return failedRun(output.message, { runnerMicros });
  return completedRun(output, runnerMicros);
}

/** In micro-dollars; undefined when the upstream reports nothing, or nothing that could be billed. */
export function reportedCost(answer: UpstreamAnswer): number | undefined {
  const value = answer.headers[COST_HEADER];
  const micros = typeof value === 'string' ? decimalToMicros(value) : undefined;
  return micros !== undefined && micros <= COST_MICROS_MAX ? micros : undefined;
}

function outputOf(answer: UpstreamAnswer): string | UpstreamFault {
  if (answer.streamed !== undefined) return textJson(answer.streamed);
  const encoding = headerOf(answer, 'content-encoding').trim().toLowerCase();
  if (encoding !== '' && encoding !== 'identity') return new UpstreamFault('Upstream answered with an encoded body');
  const isJson = hasJsonType(answer);
  const text = isJson ? utf8Of(answer.body) : textOf(answer);
  if (text.trim() === '') return 'null';
  if (!isJson) return textJson(text);
  try {
    JSON.parse(text);
    return text;
  } catch {
    return new UpstreamFault('Upstream answered with broken JSON');
  }
}

function textJson(text: string): string | UpstreamFault {
  const json = JSON.stringify(text);
  return Buffer.byteLength(json) > OUTPUT_BYTES_MAX ? new UpstreamFault(TOO_LARGE) : json;
}

function hasJsonType(answer: UpstreamAnswer): boolean {
  const type = headerOf(answer, 'content-type');
  return type === 'application/json' || JSON_TYPE.test(type.trim());
}

/** JSON is UTF-8. A byte-order mark is not part of it. */
function utf8Of(bytes: Buffer): string {
  const text = bytes.toString('utf8');
  return text.charCodeAt(0) === 0xfeff ? text.slice(1) : text;
}

/** Other text is what its charset says, where that is known. */
function textOf(answer: UpstreamAnswer): string {
  const charset = /;\s*charset="?([^";\s]+)/i.exec(headerOf(answer, 'content-type'))?.[1];
  return decoderOf(charset).decode(answer.body);
}

function decoderOf(charset = 'utf-8'): TextDecoder {
  try {
    return new TextDecoder(charset);
  } catch {
    return new TextDecoder();
  }
}

function headerOf(answer: UpstreamAnswer, name: string): string {
  const value = answer.headers[name];
  return (Array.isArray(value) ? value[0] : value) ?? '';
}
