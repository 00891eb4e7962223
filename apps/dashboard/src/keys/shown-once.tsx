import { Alert, Code, Stack, Text, TextInput } from '@mantine/core';
import { IconAlertTriangle } from '@tabler/icons-react';
import { CodeBlock, CopyButton } from '../look/copy.js';
import type { CreatedKey } from './keys.js';

/** The key, this once: to be copied now, with where to keep it. */
export function ShownOnce({ created, onCopied }: { created: CreatedKey; onCopied?: () => void }) {
  return (
    <Stack>
      <Alert color="yellow" variant="light" icon={<IconAlertTriangle aria-hidden />} title="Copy this key now">
        It is shown this one time. No page and no route ever shows it again; who lost it makes another.
      </Alert>
      <TextInput
        label={`Key “${created.name}”`}
        value={created.key}
        readOnly
        onFocus={(event) => event.currentTarget.select()}
        styles={{ input: { fontFamily: 'var(--mantine-font-family-monospace)' } }}
        autoComplete="off"
        spellCheck={false}
        data-shown-key
      />
      <CopyButton text={created.key} label="Copy key" onCopied={onCopied} />
      <div>
        <Text size="sm" fw={600} mb={4}>
          Where to keep it
        </Text>
        <Text size="sm" c="dimmed" mb="xs">
          In an environment variable or a secret store of the program that calls, never in its source, a web page or a
          chat. Type it at a prompt that does not echo, so that it stays out of your shell’s history:
        </Text>
        <CodeBlock label="Shell commands" text={'read -rs SIM_API_KEY && export SIM_API_KEY'} />
        <Text size="sm" c="dimmed" mt="xs">
          Programs then send it as the header <Code>X-API-Key</Code>.
        </Text>
      </div>
    </Stack>
  );
}
