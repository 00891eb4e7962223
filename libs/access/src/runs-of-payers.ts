/** Runs, each known by its payer and its id: callers choose ids, and two payers the same. */
export class RunsOfPayers implements Iterable<[string, ReadonlySet<string>]> {
  private readonly runs = new Map<string, Set<string>>();

  add(payerUserId: string, runId: string): void {
    const known = this.runs.get(payerUserId);
    if (known) known.add(runId);
    else this.runs.set(payerUserId, new Set([runId]));
  }

  /** Whether it was there. */
  delete(payerUserId: string, runId: string): boolean {
    const known = this.runs.get(payerUserId);
    if (!known?.delete(runId)) return false;
    if (known.size === 0) this.runs.delete(payerUserId);
    return true;
  }

  /** Each payer with the ids of his runs, as they were when it was asked. */
  [Symbol.iterator](): Iterator<[string, ReadonlySet<string>]> {
    return [...this.runs].map(([payerUserId, ids]): [string, Set<string>] => [payerUserId, new Set(ids)]).values();
  }
}
