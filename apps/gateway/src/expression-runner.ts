import { Injectable, type OnApplicationShutdown } from '@nestjs/common';
import { Config } from '@tollgate/service-kit';
import jsonata from 'jsonata';
import { LRUCache } from 'lru-cache';
import { cheapExpression, type CheapExpression, mayRunInline } from './expression-cheap.js';
import { ExpressionPool } from './expression-pool.js';
import { cancelledRun, completedRun, failedRun } from './runner-result.js';
import { type RunCall, type RunResult, WorkflowRunner } from './workflow-runner.js';

const QUEUE_MAX = 1000;
const QUEUE_CHARACTERS_MAX = 64 * 1024 * 1024;
const COMPILED_MAX = 1000;

interface Inline extends CheapExpression {
  expression: jsonata.Expression;
}

/**
 * Evaluates a deployment's JSONata expression over the input, in a process of its own with limits of time and memory
 * (contract A6 `expression` runner). An expression that is provably cheap is evaluated here, with the same result.
 * Which and why: docs/decisions/0003-expressions-run-apart.md.
 */
@Injectable()
export class ExpressionRunner extends WorkflowRunner implements OnApplicationShutdown {
  readonly #pool: ExpressionPool;
  /** By expression text; null: not cheap, or does not compile. */
  readonly #inline = new LRUCache<string, Inline | { expression: null }>({ max: COMPILED_MAX });

  constructor(config: Config) {
    super();
    this.#pool = new ExpressionPool({
      processes: config.EXPRESSION_WORKERS,
      memoryMb: config.EXPRESSION_MEMORY_MB,
      timeoutMs: config.EXPRESSION_TIMEOUT_MS,
      queueMax: QUEUE_MAX,
      queueCharactersMax: QUEUE_CHARACTERS_MAX,
    });
  }

  override async run(call: RunCall): Promise<RunResult> {
    const { runner } = call.deployment;
    if (runner.kind !== 'expression') return failedRun('This workflow is not an expression');
    const inline = this.#inlineOf(runner.expression);
    const result =
      inline.expression && mayRunInline(inline, call.inputJson) ? await runInline(inline, call) : undefined;
    return result ?? this.runInPool(runner.expression, call);
  }

  /** Always in a process of its own. Public for the test that compares both ways. */
  async runInPool(expression: string, call: RunCall): Promise<RunResult> {
    const { workflowId: lane, inputJson, timeoutMs } = call;
    const evaluation = await this.#pool.evaluate({ lane, expression, inputJson, timeoutMs }, call.ending);
    switch (evaluation.outcome) {
      case 'output':
        return completedRun(evaluation.outputJson);
      case 'failed':
        return failedRun(evaluation.reason);
      case 'timedOut':
        return failedRun(evaluation.reason, { code: 'TIMEOUT' });
      case 'cancelled':
        return cancelledRun();
    }
  }

  onApplicationShutdown(): void {
    this.#pool.close();
  }

  #inlineOf(text: string): Inline | { expression: null } {
    let inline = this.#inline.get(text);
    if (!inline) {
      inline = compileCheap(text) ?? { expression: null };
      this.#inline.set(text, inline);
    }
    return inline;
  }
}

function compileCheap(text: string): Inline | undefined {
  try {
    const expression = jsonata(text);
    const cheap = cheapExpression(expression.ast());
    return cheap && { ...cheap, expression };
  } catch {
    return undefined; // the pool says what is wrong with it
  }
}

/** Undefined when it fails (an object with the same key twice): the pool then says why. */
async function runInline({ identity, expression }: Inline, call: RunCall): Promise<RunResult | undefined> {
  if (identity) return completedRun(call.inputJson);
  try {
    const output: unknown = await expression.evaluate(call.input);
    return completedRun(JSON.stringify(output) ?? 'null');
  } catch {
    return undefined;
  }
}
