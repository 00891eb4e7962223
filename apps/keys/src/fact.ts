import { newId } from '@tollgate/api-key';
import type { Actor, EventData, EventType, NewEvent } from '@tollgate/contracts';

/** What a rule decides: the fact without its envelope, so that rules need neither time nor randomness. */
export type FactOf<T extends EventType> = T extends EventType ? { type: T; data: EventData<T> } : never;

/** The aggregate that each fact of this service is about: facts of one subject keep their order. */
function subjectOf({ data }: FactOf<EventType>): string {
  const about = data as { keyId?: string; workspaceId?: string | null; userId?: string };
  return (about.keyId ?? about.workspaceId ?? about.userId) as string;
}

/** Facts as the log takes them. */
export function eventsOf(facts: readonly FactOf<EventType>[], at: Date): NewEvent[] {
  return facts.map(
    (fact) =>
      ({
        id: newId(),
        type: fact.type,
        source: '/tollgate/keys',
        subject: subjectOf(fact),
        time: at.toISOString(),
        data: fact.data,
      }) as NewEvent,
  );
}

export const userActor = (userId: string): Actor => ({ type: 'user', id: userId });
export const OPERATOR: Actor = { type: 'operator', id: 'operator' };
export const SYSTEM: Actor = { type: 'system', id: 'keys' };
