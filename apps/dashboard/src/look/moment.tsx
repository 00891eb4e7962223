import { relativeTo, utcText, zoneText, zoneTextToTheSecond } from './dates.js';

/** A point of time in the reader's zone; hovering shows UTC. */
export function Moment({ at, relative = false }: { at: string; relative?: boolean }) {
  return (
    <time dateTime={at} title={`${relative ? `${zoneText(at)} · ` : ''}${utcText(at)} UTC`} className="numbers">
      {relative ? relativeTo(at, Date.now()) : zoneText(at)}
    </time>
  );
}

/** As `Moment`, to the second: for logs. In a narrow list it says how long ago. */
export function ExactMoment({ at, isListed = false }: { at: string; isListed?: boolean }) {
  const exact = zoneTextToTheSecond(at);
  return (
    <time dateTime={at} title={`${exact} · ${utcText(at)} UTC`} className="numbers">
      {isListed ? (
        <>
          <span className="wide-only">{exact}</span>
          <span className="narrow-only">{relativeTo(at, Date.now())}</span>
        </>
      ) : (
        exact
      )}
    </time>
  );
}
