import { Button, Group, Stack, Text, TextInput } from '@mantine/core';
import { useForm } from '@mantine/form';
import { useState } from 'react';
import { Confirm } from '../look/confirm.js';
import { dollars } from '../look/dollars.js';
import { notifyDone } from '../look/fault.js';
import { Surface } from '../look/surface.js';
import { zoneText } from '../look/dates.js';
import { useAction } from '../server/use-action.js';
import type { Operator } from './operator.js';

const isMoney = (text: string) => /^\d{1,7}(\.\d{1,6})?$/.test(text.trim());

/** A price is a fact with a start: earlier runs keep theirs. */
export function PricePanel({ operator }: { operator: Operator }) {
  const form = useForm({
    initialValues: { basePerRun: '', from: '' },
    validate: { basePerRun: (text) => (isMoney(text) ? null : 'Dollars like 0.005, at most 6 decimals') },
  });
  const [asking, setAsking] = useState<{ basePerRun: string; from: string }>();
  const action = useAction({
    mutationFn: operator.announcePrice,
    onSuccess: ({ price }) => {
      setAsking(undefined);
      form.reset();
      notifyDone(`${dollars(price.basePerRun)} for each run, from ${zoneText(price.from)} on.`);
    },
  });
  return (
    <Surface maw={560}>
      <form
        onSubmit={form.onSubmit(({ basePerRun, from }) =>
          setAsking({ basePerRun: basePerRun.trim(), from: (from === '' ? new Date() : new Date(from)).toISOString() }),
        )}
      >
        <Stack>
          <Text size="sm" c="dimmed">
            What each started run costs, before what its upstream reports. Runs that were admitted earlier keep their
            price, so no bill changes after the fact.
          </Text>
          <Group grow align="flex-start">
            <TextInput
              label="Dollars for each run"
              placeholder="0.005"
              required
              inputMode="decimal"
              {...form.getInputProps('basePerRun')}
            />
            <TextInput
              label="From"
              description="Your zone; empty: now"
              type="datetime-local"
              inputWrapperOrder={['label', 'input', 'description', 'error']}
              {...form.getInputProps('from')}
            />
          </Group>
          <Button type="submit" w="fit-content">
            Announce price
          </Button>
        </Stack>
      </form>
      <Confirm
        opened={asking !== undefined}
        title="Announce this price?"
        action="Announce"
        isBusy={action.isPending}
        error={action.error}
        onConfirm={() => asking && action.run(asking)}
        onClose={() => setAsking(undefined)}
      >
        {asking && (
          <Text size="sm">
            {dollars(asking.basePerRun)} for each run of everybody, from {zoneText(asking.from)} on. A price cannot be
            taken back, only followed by another.
          </Text>
        )}
      </Confirm>
    </Surface>
  );
}
