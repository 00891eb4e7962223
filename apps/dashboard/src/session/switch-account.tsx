import { Anchor, Text } from '@mantine/core';
import { notifyFault } from '../look/fault.js';
import { type Account, signOut } from './session.js';

/** Who decides here, and the way to decide as somebody else: signing in again leads back to this very link. */
export function SwitchAccount({ account }: { account: Account }) {
  const leave = () =>
    void signOut(location.pathname + location.search).catch((error) => notifyFault(error, 'Still signed in'));
  return (
    <Text size="sm" className="wrap-anywhere">
      You are signed in as <b>{account.email}</b>.{' '}
      <Anchor component="button" type="button" inherit underline="always" onClick={leave}>
        Somebody else?
      </Anchor>
    </Text>
  );
}
