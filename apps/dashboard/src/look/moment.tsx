import { relativeTo, utcText, zoneText, zoneTextToTheSecond } from './dates.js';

/** A point of time in the reader's zone; hovering shows UTC. */
export function Moment({ at, relative = false }: { at: string; relative?: boolean }) {
  return (
    <time dateTime={at} title={`${relative ? `${zoneText(at)} · ` : ''}${utcText(at)} UTC`} className="numbers">
      {relative ? relativeTo(at, Date.now()) : zoneText(at)}
    </time>
  );
}

/** As `Moment`, to the second: for logs. A phone shows how long ago, and the second on a longer press. */
export function ExactMoment({ at }: { at: string }) {
  return (
    <time dateTime={at} title={`${zoneTextToTheSecond(at)} · ${utcText(at)} UTC`} className="numbers">
      <span className="wide-only">{zoneTextToTheSecond(at)}</span>
      <span className="narrow-only">{relativeTo(at, Date.now())}</span>
    </time>
  );
}
