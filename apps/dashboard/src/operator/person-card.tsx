import { Badge, Button, Group, Modal, Select, SimpleGrid, Stack, Text, TextInput, Title } from '@mantine/core';
import { useState } from 'react';
import { Confirm } from '../look/confirm.js';
import { CopyIcon } from '../look/copy.js';
import { Fault, notifyDone, notifyFault } from '../look/fault.js';
import { Moment } from '../look/moment.js';
import { Surface } from '../look/surface.js';
import { ReceiptView } from '../keys/receipt.js';
import type { RevokedAnswer } from '../keys/keys.js';
import { useAction } from '../server/use-action.js';
import type { Operator, Person } from './operator.js';

const PLANS = ['free', 'pro', 'max', 'team', 'enterprise'];

export interface PersonCardProps {
  person: Person;
  operator: Operator;
  onChanged: (person: Person) => void;
}

export function PersonCard({ person, operator, onChanged }: PersonCardProps) {
  const plan = useAction({
    mutationFn: (next: string) => operator.setPlan(person.id, next),
    onSuccess: ({ user }) => {
      onChanged(user);
      notifyDone(`${user.email} is on the plan ${user.plan}.`);
    },
    onError: (error) => notifyFault(error, `Still on the plan ${person.plan}`),
  });
  return (
    <Surface>
      <Stack>
        <Group justify="space-between">
          <div>
            <Group gap="xs">
              <Title order={2} className="wrap-anywhere">
                {person.name}
              </Title>
              {person.suspended && (
                <Badge color="red" variant="light">
                  suspended
                </Badge>
              )}
            </Group>
            <Text size="sm" c="dimmed" className="wrap-anywhere">
              {person.email} · since <Moment at={person.createdAt} />
            </Text>
            <Group gap={4}>
              <Text size="xs" ff="monospace" c="dimmed">
                {person.id}
              </Text>
              <CopyIcon text={person.id} label="Copy user id" />
            </Group>
          </div>
          <Suspension person={person} operator={operator} onChanged={onChanged} />
        </Group>
        <SimpleGrid cols={{ base: 1, sm: 2 }}>
          <Select
            label="Plan"
            data={PLANS}
            value={person.plan}
            onChange={(next) => next && next !== person.plan && plan.run(next)}
            disabled={plan.isPending}
            allowDeselect={false}
          />
          <Limit key={person.usageLimitUsd} person={person} operator={operator} onChanged={onChanged} />
        </SimpleGrid>
      </Stack>
    </Surface>
  );
}

function Limit({ person, operator, onChanged }: PersonCardProps) {
  const [text, setText] = useState(person.usageLimitUsd ?? '');
  const isMoney = text.trim() === '' || /^\d{1,9}(\.\d{1,6})?$/.test(text.trim());
  const action = useAction({
    mutationFn: () => operator.setLimit(person.id, text.trim() === '' ? null : text.trim()),
    onSuccess: ({ user }) => {
      onChanged(user);
      notifyDone('The limit holds from the next run on.');
    },
  });
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        if (isMoney) action.run();
      }}
    >
      <Group align="flex-end" gap="xs" wrap="nowrap">
        <TextInput
          label="Limit of a month, in dollars"
          placeholder="the plan’s allowance"
          inputMode="decimal"
          value={text}
          onChange={(event) => setText(event.currentTarget.value)}
          error={isMoney ? undefined : 'Dollars like 12.50, or empty'}
          flex={1}
        />
        <Button
          type="submit"
          variant="default"
          loading={action.isPending}
          disabled={!isMoney || text === (person.usageLimitUsd ?? '')}
        >
          Set
        </Button>
      </Group>
      <Fault error={action.error} />
    </form>
  );
}

function Suspension({ person, operator, onChanged }: PersonCardProps) {
  const [isAsking, setAsking] = useState(false);
  const [done, setDone] = useState<RevokedAnswer>();
  const action = useAction({
    mutationFn: () => (person.suspended ? operator.reinstate(person.id) : operator.suspend(person.id)),
    onSuccess: ({ user, receipt, pending }) => {
      setAsking(false);
      onChanged(user);
      if (receipt) setDone({ success: true, receipt, pending });
      else notifyDone(user.suspended ? 'Suspended.' : 'Let in again.');
    },
    onError: (error) => !isAsking && notifyFault(error, 'Nothing changed'),
  });
  return (
    <>
      <Button
        color={person.suspended ? undefined : 'red'}
        variant="light"
        loading={action.isPending && !isAsking}
        onClick={() => (person.suspended ? action.run() : setAsking(true))}
      >
        {person.suspended ? 'Let in again' : 'Suspend'}
      </Button>
      <Confirm
        opened={isAsking}
        title={`Suspend ${person.name}?`}
        action="Suspend"
        isBusy={action.isPending}
        error={action.error}
        onConfirm={() => action.run()}
        onClose={() => setAsking(false)}
      >
        <Text size="sm" className="wrap-anywhere">
          The personal keys of {person.email} are refused at once, and so is every workspace key whose runs this account
          pays.
        </Text>
      </Confirm>
      <Modal opened={done !== undefined} onClose={() => setDone(undefined)} title="Suspended">
        {done && <ReceiptView answer={done} what={person.email} isFollowed={false} />}
      </Modal>
    </>
  );
}
