import { Anchor, Modal, Stack, Text } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useSyncExternalStore } from 'react';
import { queryClient } from '../server/query-client.js';
import { sessionEnd } from './session-end.js';
import { type Account, waysQuery } from './session.js';
import { SignInForm } from './sign-in-form.js';

/** The account that this page was opened with; the session query may have seen the session's end already. */
let knownAccount: Account | undefined;
export const rememberAccount = (account: Account) => {
  knownAccount = account;
};

/** Over whatever page: the session has ended, sign in and go on. What was typed below stays. */
export function SignInDialog() {
  const isAsking = useSyncExternalStore(sessionEnd.subscribe, sessionEnd.isAsking);
  const onSignedIn = (account: Account) => {
    if (knownAccount && account.id !== knownAccount.id) {
      // Somebody else: nothing of the former reader may stay on the screen.
      location.assign('/');
      return;
    }
    queryClient.setQueryData(['session'], account);
    sessionEnd.settle(true);
    void queryClient.invalidateQueries();
  };
  return (
    <Modal
      opened={isAsking}
      onClose={() => sessionEnd.settle(false)}
      title="Your session has ended"
      zIndex={500}
      size="sm"
      closeOnClickOutside={false}
    >
      <Stack>
        <Text size="sm" c="dimmed">
          Sign in to go on. What you have typed is kept, and what you asked for is done right after.
        </Text>
        {isAsking && <Ways onSignedIn={onSignedIn} />}
      </Stack>
    </Modal>
  );
}

/** A provider's page would take the place of this one and of what was typed: it opens beside it. */
function Ways({ onSignedIn }: { onSignedIn: (account: Account) => void }) {
  const { data: ways } = useQuery(waysQuery);
  const [provider] = ways?.providers ?? [];
  return (
    <>
      {ways?.password !== false && <SignInForm email={knownAccount?.email} onSignedIn={onSignedIn} />}
      {provider && (
        <Text size="sm" ta="center">
          Or{' '}
          <Anchor href="/sign-in" target="_blank" underline="always">
            continue with {provider.name} in another tab
          </Anchor>{' '}
          and come back here.
        </Text>
      )}
    </>
  );
}
