import { Alert, Stack, Text } from '@mantine/core';
import { useSuspenseQuery } from '@tanstack/react-query';
import { useNavigate, useSearch } from '@tanstack/react-router';
import { AnchorLink } from '../look/links.js';
import { queryClient } from '../server/query-client.js';
import { Entrance } from './entrance.js';
import { ProviderButtons } from './provider-buttons.js';
import { safePath } from './safe-path.js';
import { waysQuery } from './session.js';
import { SignInForm } from './sign-in-form.js';

const REASONS: Record<string, string> = {
  account_suspended: 'This account is suspended. Ask whoever runs this platform.',
  signup_disabled: 'There is no account for you here, and signing up is closed. Ask whoever runs this platform.',
  account_not_linked: 'Your address has an account with a password here: sign in with that.',
};

export default function SignInPage() {
  const { to, error } = useSearch({ from: '/sign-in' });
  const { data: ways } = useSuspenseQuery(waysQuery);
  const navigate = useNavigate();
  return (
    <Entrance title="Sign in" about="Keys, usage, bills and logs of your workflows.">
      <Stack>
        {error !== undefined && (
          <Alert color="red" title="That did not work" role="alert">
            {REASONS[error] ??
              `Your provider’s sign-in was not completed (${error}). Try again, or sign in another way.`}
          </Alert>
        )}
        {ways.password && (
          <SignInForm
            onSignedIn={(account) => {
              queryClient.clear();
              queryClient.setQueryData(['session'], account);
              void navigate({ href: safePath(to), replace: true });
            }}
          />
        )}
        <ProviderButtons providers={ways.providers} path={safePath(to)} />
      </Stack>
      {ways.signUp === 'open' && (
        <Text size="sm" ta="center">
          No account yet?{' '}
          <AnchorLink underline="always" to="/sign-up" search={to === undefined ? {} : { to }}>
            Sign up
          </AnchorLink>
        </Text>
      )}
    </Entrance>
  );
}
