/** Which program called, as its headers name it. */
export interface ClientProgram {
  name: string | null;
  version: string | null;
}

/** Longest text of a client header that is kept. */
export const CLIENT_TEXT_MAX = 300;
const TOKEN_CHARACTERS_MAX = 64;
const PRODUCT = /^([A-Za-z0-9._+-]+)(?:\/([A-Za-z0-9._+-]+))?$/;
const CONTROL = /[\u0000-\u001f\u007f-\u009f]/g;
/** A key of the platform, or anything as long and as random, that a careless client put among its names. */
const SECRET = /(?:sk-sim-|sim_)[A-Za-z0-9_-]+|[A-Za-z0-9_-]{32,}/g;

/** A client header as it may be kept: bounded, without control characters, and without what looks like a key. */
export function keptClientText(text: string): string {
  const short = text.length > CLIENT_TEXT_MAX ? text.slice(0, CLIENT_TEXT_MAX) : text;
  return short.replace(CONTROL, ' ').replace(SECRET, '[redacted]').toWellFormed();
}

/**
 * The program's name and version: the first product of `X-Sim-Client-Info` (`cli/2.1.28; node/24.21.0; os/linux`), else of
 * `User-Agent` (`simstudio-python-sdk/0.2.1 python/3.11`). Null where the header names none.
 */
export function clientProgramOf(headers: { userAgent: string | null; clientInfo: string | null }): ClientProgram {
  return productOf(headers.clientInfo, ';') ?? productOf(headers.userAgent, ' ') ?? { name: null, version: null };
}

function productOf(text: string | null, separator: string): ClientProgram | undefined {
  const product = PRODUCT.exec(text?.split(separator, 1)[0]?.trim() ?? '');
  if (!product) return undefined;
  const [, name = '', version] = product;
  return { name: name.slice(0, TOKEN_CHARACTERS_MAX), version: version?.slice(0, TOKEN_CHARACTERS_MAX) ?? null };
}
