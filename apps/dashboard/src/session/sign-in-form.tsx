import { Button, PasswordInput, Stack, TextInput } from '@mantine/core';
import { useForm } from '@mantine/form';
import { Fault } from '../look/fault.js';
import { Refusal } from '../server/refusal.js';
import { useAction } from '../server/use-action.js';
import { type Account, signIn } from './session.js';

/** E-mail and password. A wrong pair is said in the form, without saying which of the two was wrong. */
export function SignInForm({ email = '', onSignedIn }: { email?: string; onSignedIn: (account: Account) => void }) {
  const form = useForm({ initialValues: { email, password: '' } });
  const action = useAction({
    mutationFn: signIn,
    onSuccess: ({ user }) => onSignedIn(user),
    onError: () => form.setFieldValue('password', ''),
  });
  const isWrong = action.error instanceof Refusal && action.error.status === 401;
  return (
    <form onSubmit={form.onSubmit((values) => action.run(values))}>
      <Stack>
        <TextInput
          label="E-mail"
          type="email"
          required
          autoComplete="username"
          data-autofocus={email === '' || undefined}
          {...form.getInputProps('email')}
        />
        <PasswordInput
          label="Password"
          required
          autoComplete="current-password"
          data-autofocus={email !== '' || undefined}
          error={isWrong ? 'E-mail or password is wrong' : undefined}
          {...form.getInputProps('password')}
          visibilityToggleButtonProps={{ 'aria-label': 'Show or hide the password' }}
        />
        {!isWrong && <Fault error={action.error} />}
        <Button type="submit" loading={action.isPending} fullWidth>
          Sign in
        </Button>
      </Stack>
    </form>
  );
}
