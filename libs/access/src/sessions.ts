/** The person behind a session cookie. */
export interface SignedIn {
  userId: string;
  email: string;
  name: string;
}

/** What a look for a session found. */
export interface FoundSession extends SignedIn {
  /** A `Set-Cookie` for the answer, which spares the next look. */
  setCookie?: string;
}

/** Turns a request's cookies into the person signed in. Keys owns the truth; other services ask by their own body. */
export abstract class Sessions {
  /** Undefined for no, expired or foreign cookies. Rejects only when the truth cannot be reached. */
  abstract find(cookieHeader: string | undefined): Promise<FoundSession | undefined>;
}
