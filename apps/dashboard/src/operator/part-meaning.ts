import type { ServiceHealthView } from '@tollgate/contracts';

/** What it means for people and programs that a part is not ready: by the beginning of its name, or its end. */
export function meaningOf(part: string): string {
  if (part === 'directory') {
    return 'Redis, or the copy of it: keys and sessions cannot be judged here, and requests get a 503 until they can.';
  }
  if (part === 'follower:kafka-relay') {
    return 'PostgreSQL or Kafka: new events wait in PostgreSQL and are passed on when both answer. Nothing is lost.';
  }
  if (part.startsWith('follower:')) {
    return 'The event log (Kafka or PostgreSQL): this falls behind, and goes on from where it stopped. Nothing is lost.';
  }
  if (part === 'gateway-database') {
    return 'PostgreSQL: workflows cannot be read or changed, and no run can be queued: those requests get a 503. Other runs go on.';
  }
  if (part.endsWith('-database')) return 'PostgreSQL: what this service reads or changes gets a 503. Runs go on.';
  if (part === 'spool') return 'Runs that were answered wait on this gateway’s disk for bill and log.';
  if (part === 'jobs') return 'PostgreSQL: queued runs wait and are run later.';
  return 'It does not answer correctly now.';
}

/** What it means that nobody answers at a service's address. */
export const AWAY: Record<ServiceHealthView['name'], string> = {
  keys: 'Nobody can sign in or change keys, members and workspaces: those requests get a 503. Runs go on with the keys that gateways know.',
  billing: 'Usage and bills cannot be read: those requests get a 503. Runs go on, and are billed when it is back.',
  logs: 'The log of runs cannot be read: those requests get a 503. Runs go on, and are logged when it is back.',
};
