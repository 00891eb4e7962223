import { ActionIcon, Button, Checkbox, Group, PasswordInput, Stack, Text, TextInput } from '@mantine/core';
import type { UseFormReturnType } from '@mantine/form';
import { IconPlus, IconTrash } from '@tabler/icons-react';
import type { WorkflowDraft } from './workflow-draft.js';

/** An upstream that is called with the input of each run. */
export function HttpFields({ form, keptHeaders }: { form: UseFormReturnType<WorkflowDraft>; keptHeaders: string[] }) {
  const { headers, sendHeaders } = form.values;
  return (
    <Stack>
      <TextInput
        label="URL"
        description="Each run is a signed POST of its input to this address; its answer is the output."
        placeholder="https://example.com/hook"
        type="url"
        required
        maxLength={2048}
        {...form.getInputProps('url')}
      />
      <TextInput
        label="Time limit in seconds"
        description="Empty: the server’s own limit"
        inputMode="decimal"
        w={220}
        {...form.getInputProps('timeoutSeconds')}
      />
      <Stack gap="xs">
        <div>
          <Text size="sm" fw={500}>
            Headers
          </Text>
          <Text size="xs" c="dimmed">
            Sent along with each call. Values are kept sealed and never shown again.
          </Text>
        </div>
        {keptHeaders.length > 0 && (
          <>
            <Text size="sm" className="wrap-anywhere">
              Kept: <b>{keptHeaders.join(', ')}</b>
            </Text>
            <Checkbox
              label="Replace all of them by the list below"
              checked={sendHeaders}
              onChange={(event) => form.setFieldValue('sendHeaders', event.currentTarget.checked)}
            />
          </>
        )}
        {sendHeaders && (
          <>
            {headers.map((_, index) => (
              <Group key={index} gap="xs" align="flex-start" wrap="nowrap">
                <TextInput
                  aria-label={`Name of header ${index + 1}`}
                  placeholder="Authorization"
                  flex={1}
                  autoComplete="off"
                  {...form.getInputProps(`headers.${index}.name`)}
                />
                <PasswordInput
                  aria-label={`Value of header ${index + 1}`}
                  placeholder="value"
                  flex={2}
                  autoComplete="new-password"
                  visibilityToggleButtonProps={{ 'aria-label': 'Show or hide the value' }}
                  {...form.getInputProps(`headers.${index}.value`)}
                />
                <ActionIcon
                  variant="subtle"
                  color="red"
                  size="lg"
                  aria-label={`Take header ${index + 1} away`}
                  onClick={() => form.removeListItem('headers', index)}
                >
                  <IconTrash size={18} aria-hidden />
                </ActionIcon>
              </Group>
            ))}
            <Button
              variant="default"
              size="xs"
              leftSection={<IconPlus size={14} aria-hidden />}
              onClick={() => form.insertListItem('headers', { name: '', value: '' })}
              w="fit-content"
            >
              Add header
            </Button>
          </>
        )}
        {form.errors.headers && (
          <Text size="sm" c="var(--mantine-color-error)" role="alert">
            {form.errors.headers}
          </Text>
        )}
      </Stack>
    </Stack>
  );
}
