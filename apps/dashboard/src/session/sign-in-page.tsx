import { Text } from '@mantine/core';
import { useNavigate, useSearch } from '@tanstack/react-router';
import { AnchorLink } from '../look/links.js';
import { queryClient } from '../server/query-client.js';
import { Entrance } from './entrance.js';
import { safePath } from './safe-path.js';
import { SignInForm } from './sign-in-form.js';

export default function SignInPage() {
  const { to } = useSearch({ from: '/sign-in' });
  const navigate = useNavigate();
  return (
    <Entrance title="Sign in" about="Keys, usage, bills and logs of your workflows.">
      <SignInForm
        onSignedIn={(account) => {
          queryClient.clear();
          queryClient.setQueryData(['session'], account);
          void navigate({ href: safePath(to), replace: true });
        }}
      />
      <Text size="sm" ta="center">
        No account yet?{' '}
        <AnchorLink underline="always" to="/sign-up" search={to === undefined ? {} : { to }}>
          Sign up
        </AnchorLink>
      </Text>
    </Entrance>
  );
}
