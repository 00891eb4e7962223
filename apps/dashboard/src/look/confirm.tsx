import { Button, Group, Modal, Stack, TextInput } from '@mantine/core';
import { type ReactNode, useState } from 'react';
import { Fault } from './fault.js';

export interface ConfirmProps {
  opened: boolean;
  title: string;
  /** What will happen, and what cannot be undone. */
  children: ReactNode;
  action: string;
  /** What the way back is called, where "Cancel" could be misread. */
  dismiss?: string;
  /** What must be typed first, for what hurts much. */
  typed?: string;
  isBusy: boolean;
  error: unknown;
  onConfirm: () => void;
  onClose: () => void;
}

/** Asks before something destructive. */
export function Confirm(props: ConfirmProps) {
  return (
    <Modal opened={props.opened} onClose={props.onClose} title={props.title} closeOnClickOutside={!props.isBusy}>
      {props.opened && <Question {...props} />}
    </Modal>
  );
}

function Question({ children, action, dismiss = 'Cancel', typed, isBusy, error, onConfirm, onClose }: ConfirmProps) {
  const [text, setText] = useState('');
  const isReady = typed === undefined || text.trim() === typed;
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        if (isReady) onConfirm();
      }}
    >
      <Stack>
        <div>{children}</div>
        {typed !== undefined && (
          <TextInput
            label={`Type ${typed} to confirm`}
            value={text}
            onChange={(event) => setText(event.currentTarget.value)}
            autoComplete="off"
            data-autofocus
          />
        )}
        <Fault error={error} />
        <Group justify="flex-end">
          <Button
            variant="default"
            onClick={onClose}
            disabled={isBusy}
            data-autofocus={typed === undefined || undefined}
          >
            {dismiss}
          </Button>
          <Button type="submit" color="red" loading={isBusy} disabled={!isReady}>
            {action}
          </Button>
        </Group>
      </Stack>
    </form>
  );
}
