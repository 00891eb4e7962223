import { Alert, Button, Code, Group, Modal, Stack, Text } from '@mantine/core';
import { IconAlertTriangle } from '@tabler/icons-react';
import { CodeBlock } from '../look/copy.js';

/** The secret that signs the calls to an upstream: shown this once. */
export function SigningSecretDialog({ secret, onClose }: { secret: string | undefined; onClose: () => void }) {
  return (
    <Modal
      opened={secret !== undefined}
      onClose={onClose}
      title="Signing secret of this workflow"
      closeOnClickOutside={false}
      closeOnEscape={false}
      withCloseButton={false}
    >
      <Stack>
        <Alert color="yellow" icon={<IconAlertTriangle aria-hidden />} title="Copy it now">
          It is shown this one time. Keep it where your upstream can read it.
        </Alert>
        <CodeBlock label="Signing secret" text={secret ?? ''} wrap />
        <Text size="sm" c="dimmed">
          Each call carries <Code>X-Tollgate-Signature: t=…,v1=…</Code>. Compute HMAC-SHA-256 of <Code>t.body</Code>{' '}
          with this secret, compare it with <Code>v1</Code>, and refuse old times: then nobody else can call your
          upstream.
        </Text>
        <Group justify="flex-end">
          <Button onClick={onClose}>I have kept it: close</Button>
        </Group>
      </Stack>
    </Modal>
  );
}
