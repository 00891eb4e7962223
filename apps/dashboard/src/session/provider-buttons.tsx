import { Button, Divider, Stack } from '@mantine/core';
import { IconLogin2 } from '@tabler/icons-react';
import { Fault } from '../look/fault.js';
import { useAction } from '../server/use-action.js';
import { type SignInWays, signInAtProvider } from './session.js';

export interface ProviderButtonsProps {
  providers: SignInWays['providers'];
  /** Where the reader is sent back to. */
  path: string;
}

/** The ways in by another account, if the server has any. */
export function ProviderButtons({ providers, path }: ProviderButtonsProps) {
  const action = useAction({ mutationFn: (id: (typeof providers)[number]['id']) => signInAtProvider(id, path) });
  if (providers.length === 0) return null;
  return (
    <Stack>
      <Divider label="or" />
      <Fault error={action.error} />
      {providers.map(({ id, name }) => (
        <Button
          key={id}
          variant="default"
          leftSection={<IconLogin2 size={18} aria-hidden />}
          loading={action.isPending}
          onClick={() => action.run(id)}
        >
          Continue with {name}
        </Button>
      ))}
    </Stack>
  );
}
