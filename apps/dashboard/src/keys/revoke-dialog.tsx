import { Button, Code, Group, List, Modal, Stack, Text } from '@mantine/core';
import { useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { Confirm } from '../look/confirm.js';
import { useAction } from '../server/use-action.js';
import { type KeyKind, keysKey, type KeyView, revokeKey, revokeKeys, type RevokedAnswer } from './keys.js';
import { ReceiptView } from './receipt.js';

const NAMED_MAX = 5;

export interface RevokeDialogProps {
  kind: KeyKind;
  workspaceId: string;
  /** What is to be revoked; empty: closed. */
  keys: KeyView[];
  onClose: () => void;
}

/** Asks, revokes, and shows the receipt. */
export function RevokeDialog({ kind, workspaceId, keys, onClose }: RevokeDialogProps) {
  const client = useQueryClient();
  const [done, setDone] = useState<{ answer: RevokedAnswer; what: string }>();
  const [first] = keys;
  const what = keys.length === 1 && first ? `“${first.name}”` : `${keys.length} keys`;
  const action = useAction({
    mutationFn: () =>
      keys.length === 1 && first
        ? revokeKey(kind, workspaceId, first.id)
        : revokeKeys(
            kind,
            workspaceId,
            keys.map(({ id }) => id),
          ),
    onSuccess: (answer) => setDone({ answer, what }),
    onSettled: () => client.invalidateQueries({ queryKey: keysKey(kind, workspaceId) }),
  });
  const close = () => {
    setDone(undefined);
    action.reset();
    onClose();
  };
  return (
    <>
      <Confirm
        opened={keys.length > 0 && !done}
        title={keys.length === 1 ? 'Revoke this key?' : `Revoke ${keys.length} keys?`}
        action={keys.length === 1 ? 'Revoke key' : `Revoke ${keys.length} keys`}
        typed={keys.length > NAMED_MAX ? 'revoke' : undefined}
        isBusy={action.isPending}
        error={action.error}
        onConfirm={() => action.run()}
        onClose={close}
      >
        <Stack gap="xs">
          <List size="sm" withPadding>
            {keys.slice(0, NAMED_MAX).map(({ id, name, displayKey }) => (
              <List.Item key={id} className="wrap-anywhere">
                {name} <Code>{displayKey}</Code>
              </List.Item>
            ))}
            {keys.length > NAMED_MAX && <List.Item>and {keys.length - NAMED_MAX} more</List.Item>}
          </List>
          <Text size="sm">
            Every program that uses {keys.length === 1 ? 'it' : 'them'} is refused from then on. This cannot be undone.
          </Text>
        </Stack>
      </Confirm>
      <Modal opened={done !== undefined} onClose={close} title="Revoked">
        {done && (
          <Stack>
            <ReceiptView answer={done.answer} what={done.what} />
            <Group justify="flex-end">
              <Button onClick={close} data-autofocus>
                Done
              </Button>
            </Group>
          </Stack>
        )}
      </Modal>
    </>
  );
}
