import { Alert, Button, Group, Text } from '@mantine/core';
import { notifications } from '@mantine/notifications';
import { IconAlertTriangle } from '@tabler/icons-react';
import { explain } from '../server/refusal.js';

/** What went wrong and how to go on, where it went wrong. */
export function Fault({ error, retry }: { error: unknown; retry?: () => void }) {
  if (!error) return null;
  const { title, text, requestId } = explain(error);
  return (
    <Alert color="red" variant="light" icon={<IconAlertTriangle aria-hidden />} title={title} role="alert">
      <Text size="sm" className="wrap-anywhere">
        {text}
      </Text>
      {(retry || requestId) && (
        <Group justify="space-between" mt="xs" gap="xs">
          {retry ? (
            <Button size="xs" variant="default" onClick={retry}>
              Try again
            </Button>
          ) : (
            <span />
          )}
          {requestId && (
            <Text size="xs" c="dimmed" ff="monospace" className="wrap-anywhere">
              request {requestId}
            </Text>
          )}
        </Group>
      )}
    </Alert>
  );
}

const closeButtonProps = { 'aria-label': 'Close the message' };

/** The same as a passing message, where there is no place on the page: a change that was rolled back, say. */
export function notifyFault(error: unknown, what: string): void {
  const { title, text } = explain(error);
  notifications.show({ color: 'red', title: what, message: `${title}: ${text}`, autoClose: 10_000, closeButtonProps });
}

export function notifyDone(message: string): void {
  notifications.show({ color: 'teal', message, autoClose: 4_000, closeButtonProps });
}
