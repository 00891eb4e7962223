/** What `jsonata(text).ast()` holds; only the parts that are looked at. */
interface Node {
  type: string;
  value?: unknown;
  steps?: Node[];
  expressions?: Node[];
  lhs?: [Node, Node][];
}

/** Of an expression whose evaluation may stay on the request thread. */
export interface CheapExpression {
  /** Nodes of its syntax tree: time and output grow by at most this times the size of the input. */
  nodes: number;
  /** It is `$` or `$$`: the output is the input. */
  identity: boolean;
}

const NODES_MAX = 64;
/** Nodes times characters of input: about a millisecond in the worst case. */
const WORK_MAX = 32 * 1024;
/** Only these fields may be on a node: any other (a predicate, a group, a focus, …) makes it do more than it shows. */
const PLAIN_FIELDS = new Set(['type', 'value', 'position', 'steps', 'expressions', 'lhs']);

/**
 * Decides from the syntax tree alone whether an expression is provably cheap and finite: `$`, `$$`, literals, paths of
 * plain names, and object and array constructors of those. No functions, operators, predicates, wildcards, ranges, and
 * no constructor inside a path, where it would multiply. Undefined: it is not.
 */
export function cheapExpression(ast: unknown): CheapExpression | undefined {
  const nodes = countNodes(ast as Node);
  if (nodes > NODES_MAX) return undefined;
  return { nodes, identity: isInput(ast as Node) };
}

/** Whether this input is small enough for this expression to be evaluated on the request thread. */
export function mayRunInline(cheap: CheapExpression, inputJson: string): boolean {
  return cheap.identity || cheap.nodes * inputJson.length <= WORK_MAX;
}

/** Infinity when a node is not cheap. */
function countNodes(node: Node): number {
  if (Object.keys(node).some((field) => !PLAIN_FIELDS.has(field))) return Infinity;
  switch (node.type) {
    case 'string':
    case 'number':
    case 'value':
      return 1;
    case 'variable':
      return isInput(node) ? 1 : Infinity;
    case 'path':
      return sum((node.steps ?? []).map((step, index) => (isPlainStep(step, index) ? 1 : Infinity)));
    case 'unary':
      if (node.value === '[') return 1 + sum((node.expressions ?? []).map(countNodes));
      if (node.value === '{') return 1 + sum((node.lhs ?? []).map(countPair));
      return Infinity;
    default:
      return Infinity;
  }
}

function countPair([key, value]: [Node, Node]): number {
  return key.type === 'string' ? countNodes(key) + countNodes(value) : Infinity;
}

function isPlainStep(step: Node, index: number): boolean {
  if (Object.keys(step).some((field) => !PLAIN_FIELDS.has(field))) return false;
  return step.type === 'name' || (index === 0 && isInput(step));
}

function isInput(node: Node): boolean {
  return node.type === 'variable' && (node.value === '' || node.value === '$') && Object.keys(node).length <= 3;
}

function sum(counts: number[]): number {
  return counts.reduce((total, count) => total + count, 0);
}
