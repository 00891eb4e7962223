import { Button, PasswordInput, Stack, Text, TextInput } from '@mantine/core';
import { useForm } from '@mantine/form';
import { useSuspenseQuery } from '@tanstack/react-query';
import { useNavigate, useSearch } from '@tanstack/react-router';
import { AnchorLink } from '../look/links.js';
import { Fault } from '../look/fault.js';
import { queryClient } from '../server/query-client.js';
import { Refusal } from '../server/refusal.js';
import { useAction } from '../server/use-action.js';
import { createWorkspace, listWorkspaces } from '../workspaces/workspaces.js';
import { Entrance } from './entrance.js';
import { ProviderButtons } from './provider-buttons.js';
import { safePath } from './safe-path.js';
import { signUp, waysQuery } from './session.js';

const PASSWORD_LENGTH_MIN = 8;

/** Makes an account and its first workspace; who comes by an invitation joins one instead. */
async function begin({ path, ...given }: { name: string; email: string; password: string; path: string }) {
  const { user } = await signUp(given);
  if (path.startsWith('/invitations/')) return { user, path };
  const [first] = await listWorkspaces();
  const workspace = first ?? (await createWorkspace({ name: `${[...user.name].slice(0, 80).join('')}’s workspace` }));
  return { user, path: path === '/' ? `/w/${workspace.id}` : path };
}

export default function SignUpPage() {
  const { to } = useSearch({ from: '/sign-up' });
  const { data: ways } = useSuspenseQuery(waysQuery);
  const navigate = useNavigate();
  const form = useForm({
    initialValues: { name: '', email: '', password: '' },
    validate: {
      name: (name) => (name.trim() === '' ? 'Your name, as others in the workspace will see it' : null),
      password: (password) =>
        password.length < PASSWORD_LENGTH_MIN ? `At least ${PASSWORD_LENGTH_MIN} characters` : null,
    },
  });
  const action = useAction({
    mutationFn: begin,
    onSuccess: ({ user, path }) => {
      queryClient.clear();
      queryClient.setQueryData(['session'], user);
      void navigate({ href: path, replace: true });
    },
    onError: (error) => error instanceof Refusal && form.setErrors(error.fieldFaults),
  });
  const isTaken = action.error instanceof Refusal && /already exists/i.test(action.error.message);
  if (ways.signUp === 'closed') {
    return (
      <Entrance title="Signing up is closed" about="Whoever runs this platform makes the accounts here.">
        <ProviderButtons providers={ways.providers} path={safePath(to)} />
        <AnchorLink underline="always" size="sm" to="/sign-in" search={to === undefined ? {} : { to }}>
          Sign in
        </AnchorLink>
      </Entrance>
    );
  }
  return (
    <Entrance title="Create your account" about="A workspace is made for you; your first key is a minute away.">
      <form onSubmit={form.onSubmit((values) => action.run({ ...values, path: safePath(to) }))} noValidate={false}>
        <Stack>
          <TextInput label="Name" required autoComplete="name" maxLength={100} {...form.getInputProps('name')} />
          <TextInput
            label="E-mail"
            type="email"
            required
            autoComplete="username"
            {...form.getInputProps('email')}
            error={isTaken ? 'This address has an account: sign in instead' : form.errors.email}
          />
          <PasswordInput
            label="Password"
            description={`At least ${PASSWORD_LENGTH_MIN} characters`}
            required
            autoComplete="new-password"
            maxLength={128}
            visibilityToggleButtonProps={{ 'aria-label': 'Show or hide the password' }}
            {...form.getInputProps('password')}
          />
          {!isTaken && <Fault error={action.error} />}
          <Button type="submit" loading={action.isPending} fullWidth>
            Sign up
          </Button>
        </Stack>
      </form>
      <ProviderButtons providers={ways.providers} path={safePath(to)} />
      <Text size="sm" ta="center">
        Have an account?{' '}
        <AnchorLink underline="always" to="/sign-in" search={to === undefined ? {} : { to }}>
          Sign in
        </AnchorLink>
      </Text>
    </Entrance>
  );
}
