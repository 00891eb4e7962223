import { Button, Group, PasswordInput, SimpleGrid, Stack, TextInput, Title } from '@mantine/core';
import { useForm } from '@mantine/form';
import { IconSearch } from '@tabler/icons-react';
import { useState } from 'react';
import { Fault, notifyDone } from '../look/fault.js';
import { Surface } from '../look/surface.js';
import { Refusal } from '../server/refusal.js';
import { useAction } from '../server/use-action.js';
import type { Operator, Person } from './operator.js';
import { PersonCard } from './person-card.js';

export function PeoplePanel({ operator }: { operator: Operator }) {
  const [person, setPerson] = useState<Person>();
  return (
    <Stack gap="lg">
      <SimpleGrid cols={{ base: 1, md: 2 }} spacing="lg">
        <FindCard operator={operator} onFound={setPerson} />
        <CreateCard operator={operator} onCreated={setPerson} />
      </SimpleGrid>
      {person && <PersonCard key={person.id} person={person} operator={operator} onChanged={setPerson} />}
    </Stack>
  );
}

function FindCard({ operator, onFound }: { operator: Operator; onFound: (person: Person | undefined) => void }) {
  const form = useForm({ initialValues: { email: '' } });
  const action = useAction({
    mutationFn: operator.findUser,
    onSuccess: onFound,
    onError: () => onFound(undefined),
  });
  const isUnknown = action.error instanceof Refusal && action.error.status === 404;
  return (
    <Surface>
      <Title order={2} mb="sm">
        Find an account
      </Title>
      <form onSubmit={form.onSubmit(({ email }) => action.run(email.trim()))}>
        <Stack>
          <TextInput
            label="E-mail"
            type="email"
            required
            autoComplete="off"
            {...form.getInputProps('email')}
            error={isUnknown ? 'Nobody has this address' : undefined}
          />
          {!isUnknown && <Fault error={action.error} />}
          <Button
            type="submit"
            variant="default"
            leftSection={<IconSearch size={16} aria-hidden />}
            loading={action.isPending}
            w="fit-content"
          >
            Find
          </Button>
        </Stack>
      </form>
    </Surface>
  );
}

function CreateCard({ operator, onCreated }: { operator: Operator; onCreated: (person: Person) => void }) {
  const form = useForm({ initialValues: { name: '', email: '', password: '' } });
  const action = useAction({
    mutationFn: operator.createUser,
    gcTime: 0,
    onSuccess: ({ user }) => {
      form.reset();
      notifyDone(`${user.email} can sign in now.`);
      onCreated(user);
    },
    onError: (error) => error instanceof Refusal && form.setErrors(error.fieldFaults),
  });
  return (
    <Surface>
      <Title order={2} mb="sm">
        Create an account
      </Title>
      <form onSubmit={form.onSubmit((values) => action.run(values))} autoComplete="off">
        <Stack>
          <TextInput label="Name" required maxLength={100} autoComplete="off" {...form.getInputProps('name')} />
          <Group grow align="flex-start">
            <TextInput label="E-mail" type="email" required autoComplete="off" {...form.getInputProps('email')} />
            <PasswordInput
              label="Password"
              required
              minLength={8}
              maxLength={128}
              autoComplete="new-password"
              visibilityToggleButtonProps={{ 'aria-label': 'Show or hide the password' }}
              {...form.getInputProps('password')}
            />
          </Group>
          <Fault error={action.error} />
          <Button type="submit" variant="default" loading={action.isPending} w="fit-content">
            Create account
          </Button>
        </Stack>
      </form>
    </Surface>
  );
}
