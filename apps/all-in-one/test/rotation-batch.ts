import { SECRETS_ROTATION_PATH } from '@tollgate/contracts';
import { INTERNAL_HEADER, InternalSecret } from '@tollgate/service-kit';
import { type Answer, call, type Place } from './person.js';

/** The first batch of keys brought under the newest secrets, as `npm run rotate-secrets` asks for it. */
export function rotateKeyBatch(platform: Place, newest: { pepper: string; masterKeyId: string }): Promise<Answer> {
  const secret = new InternalSecret({ INTERNAL_SECRET: undefined }, [newest.pepper]).shown as string;
  const body = { masterKeyId: newest.masterKeyId, after: '' };
  return call(`${platform.url}${SECRETS_ROTATION_PATH}/keys`, 'POST', body, { [INTERNAL_HEADER]: secret });
}
