import { relativeTo, utcText, zoneText } from './dates.js';

/** A point of time in the reader's zone; hovering shows UTC. */
export function Moment({ at, relative = false }: { at: string; relative?: boolean }) {
  return (
    <time dateTime={at} title={`${relative ? `${zoneText(at)} · ` : ''}${utcText(at)} UTC`} className="numbers">
      {relative ? relativeTo(at, Date.now()) : zoneText(at)}
    </time>
  );
}
