import { Button, Group, Modal, Select, Stack, Text, TextInput } from '@mantine/core';
import { useForm } from '@mantine/form';
import { useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { Fault } from '../look/fault.js';
import { Refusal } from '../server/refusal.js';
import { useAction } from '../server/use-action.js';
import { createKey, type CreatedKey, type KeyKind, keysKey } from './keys.js';
import { dateFault, EXPIRIES, type Expiry, expiresAtOf } from './key-expiry.js';
import { ShownOnce } from './shown-once.js';
import { useShownOnce } from './use-shown-once.js';

export interface CreateKeyDialogProps {
  kind: KeyKind;
  workspaceId: string;
  opened: boolean;
  onClose: () => void;
}

/** Makes a key and shows it once. While it is shown, only a deliberate press closes the dialog. */
export function CreateKeyDialog({ kind, workspaceId, opened, onClose }: CreateKeyDialogProps) {
  const { created, show, forget } = useShownOnce();
  const [isCopied, setCopied] = useState(false);
  const close = () => {
    forget();
    setCopied(false);
    onClose();
  };
  return (
    <Modal
      opened={opened}
      onClose={close}
      title={created ? 'Your new key' : kind === 'personal' ? 'Create a personal key' : 'Create a workspace key'}
      closeOnClickOutside={!created}
      closeOnEscape={!created}
      withCloseButton={!created}
    >
      {opened && !created && <CreateKeyForm kind={kind} workspaceId={workspaceId} onCreated={show} onCancel={close} />}
      {created && (
        <Stack>
          <ShownOnce created={created} onCopied={() => setCopied(true)} />
          <Group justify="flex-end">
            <Button variant={isCopied ? 'filled' : 'default'} onClick={close}>
              {isCopied ? 'Done' : 'I have kept it: close'}
            </Button>
          </Group>
        </Stack>
      )}
    </Modal>
  );
}

interface CreateKeyFormProps {
  kind: KeyKind;
  workspaceId: string;
  onCreated: (created: CreatedKey) => void;
  onCancel: () => void;
}

function CreateKeyForm({ kind, workspaceId, onCreated, onCancel }: CreateKeyFormProps) {
  const client = useQueryClient();
  const form = useForm<{ name: string; expiry: Expiry; date: string }>({
    initialValues: { name: '', expiry: 'never', date: '' },
    validate: {
      name: (name) => (name.trim() === '' ? 'A name is needed, to know the key by' : null),
      date: (date, { expiry }) => dateFault(expiry, date, Date.now()),
    },
  });
  const action = useAction({
    mutationFn: ({ name, expiry, date }: typeof form.values) => {
      const expiresAt = expiresAtOf(expiry, date, Date.now());
      return createKey(kind, workspaceId, { name, ...(expiresAt !== undefined && { expiresAt }) });
    },
    gcTime: 0,
    onSuccess: (created) => {
      onCreated(created);
      void client.invalidateQueries({ queryKey: keysKey(kind, workspaceId) });
    },
    onError: (error) => {
      if (!(error instanceof Refusal)) return;
      const { expiresAt, ...faults } = error.fieldFaults;
      form.setErrors({
        ...faults,
        ...(error.status === 409 && { name: error.message }),
        ...(expiresAt !== undefined && { date: expiresAt }),
      });
    },
  });
  const isInField = action.error instanceof Refusal && (action.error.status === 409 || hasFaults(action.error));
  return (
    <form onSubmit={form.onSubmit((values) => action.run(values))} noValidate>
      <Stack>
        <Text size="sm" c="dimmed">
          {kind === 'personal'
            ? 'Acts as you, in every workspace that allows personal keys. Its runs are billed to your own account.'
            : 'Belongs to this workspace and keeps working when its creator leaves. Its runs are billed to the workspace’s billed account.'}
        </Text>
        <TextInput
          label="Name"
          description="Where it will be used, say “production backend”"
          required
          maxLength={200}
          autoComplete="off"
          data-autofocus
          {...form.getInputProps('name')}
        />
        <Select
          label="Expires"
          data={EXPIRIES.map(({ value, label }) => ({ value, label }))}
          allowDeselect={false}
          {...form.getInputProps('expiry')}
        />
        {form.values.expiry === 'date' && (
          <TextInput type="date" label="Last day" required {...form.getInputProps('date')} />
        )}
        {!isInField && <Fault error={action.error} />}
        <Group justify="flex-end">
          <Button variant="default" onClick={onCancel} disabled={action.isPending}>
            Cancel
          </Button>
          <Button type="submit" loading={action.isPending}>
            Create key
          </Button>
        </Group>
      </Stack>
    </form>
  );
}

const hasFaults = (refusal: Refusal) => Object.keys(refusal.fieldFaults).length > 0;
