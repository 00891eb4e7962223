import { type AccessSettings, type Caller, type Directory, KeyAuthenticator, type KeyRefusal } from '@tollgate/access';
import type { KeyUse } from './key-use.js';

/** The authenticator of every service: it also tells which keys are in use (contract B12 row 15: also when refused later). */
export class NotingKeyAuthenticator extends KeyAuthenticator {
  constructor(
    directory: Directory,
    settings: AccessSettings,
    private readonly use: KeyUse,
  ) {
    super({ directory, peppers: settings.peppers, prefix: settings.keyPrefix });
  }

  override authenticate(header: string | string[] | undefined): Caller | KeyRefusal | Promise<Caller | KeyRefusal> {
    const answer = super.authenticate(header);
    return answer instanceof Promise ? answer.then((settled) => this.noted(settled)) : this.noted(answer);
  }

  private noted(answer: Caller | KeyRefusal): Caller | KeyRefusal {
    if (answer.kind === 'key') this.use.note(answer.keyId);
    return answer;
  }
}
