import { Accordion, Button, Group, SegmentedControl, Stack, Text, Textarea, TextInput } from '@mantine/core';
import { useForm } from '@mantine/form';
import type { ReactNode } from 'react';
import { Fault } from '../look/fault.js';
import { Surface } from '../look/surface.js';
import { Refusal } from '../server/refusal.js';
import { useAction } from '../server/use-action.js';
import { ExpressionEditor } from './expression-editor.js';
import { HttpFields } from './http-fields.js';
import { draftFaults, formFaults, type WorkflowDraft } from './workflow-draft.js';
import type { KeptWorkflow } from './workflows.js';

export interface WorkflowFormProps {
  initial: WorkflowDraft;
  /** Names of headers that the server keeps already. */
  keptHeaders?: string[];
  action: string;
  isReadOnly?: boolean;
  save: (draft: WorkflowDraft) => Promise<KeptWorkflow>;
  onSaved: (kept: KeptWorkflow) => void;
  children?: ReactNode;
}

/** What a workflow is and runs; the same form makes and edits one. */
export function WorkflowForm({
  initial,
  keptHeaders = [],
  action: label,
  isReadOnly = false,
  save,
  onSaved,
  children,
}: WorkflowFormProps) {
  const form = useForm<WorkflowDraft>({ initialValues: initial, validate: draftFaults, validateInputOnBlur: true });
  const action = useAction({
    mutationFn: save,
    gcTime: 0,
    onSuccess: (kept, draft) => {
      form.resetDirty(draft);
      onSaved(kept);
    },
    onError: (error) => error instanceof Refusal && form.setErrors(formFaults(error.fieldFaults)),
  });
  const { kind } = form.values;
  return (
    <form onSubmit={form.onSubmit((values) => action.run(values))} noValidate>
      <fieldset disabled={isReadOnly} className="bare">
        <Stack gap="lg">
          <Surface>
            <Stack>
              <TextInput label="Name" required maxLength={200} autoComplete="off" {...form.getInputProps('name')} />
              <Textarea
                label="Description"
                autosize
                minRows={1}
                maxRows={6}
                maxLength={2000}
                {...form.getInputProps('description')}
              />
            </Stack>
          </Surface>
          <Surface>
            <Stack>
              <div>
                <Text fw={600} size="sm" mb={6} id="runner-kind">
                  What it runs
                </Text>
                <SegmentedControl
                  aria-labelledby="runner-kind"
                  data={[
                    { value: 'expression', label: 'Expression' },
                    { value: 'http', label: 'HTTP upstream' },
                  ]}
                  disabled={isReadOnly}
                  {...form.getInputProps('kind')}
                />
              </div>
              {kind === 'expression' ? (
                <ExpressionEditor form={form} />
              ) : (
                <HttpFields form={form} keptHeaders={keptHeaders} />
              )}
            </Stack>
          </Surface>
          <Surface p="xs">
            <Accordion
              variant="filled"
              defaultValue={initial.inputSchema === '' ? null : 'schema'}
              chevronPosition="left"
            >
              <Accordion.Item value="schema" bg="transparent">
                <Accordion.Control>
                  <Text size="sm" fw={600}>
                    Input schema (optional)
                  </Text>
                </Accordion.Control>
                <Accordion.Panel>
                  <Textarea
                    label="JSON Schema of the input"
                    description="Tells callers what the workflow takes; an object."
                    placeholder={'{ "type": "object", "properties": { "name": { "type": "string" } } }'}
                    autosize
                    minRows={4}
                    maxRows={20}
                    spellCheck={false}
                    classNames={{ input: 'code-input' }}
                    {...form.getInputProps('inputSchema')}
                  />
                </Accordion.Panel>
              </Accordion.Item>
            </Accordion>
          </Surface>
        </Stack>
      </fieldset>
      <Stack mt="lg">
        <Fault error={action.error} />
        {!isReadOnly && (
          <Group justify="flex-end" className="action-bar">
            {children}
            <Button type="submit" loading={action.isPending} disabled={initial.name !== '' && !form.isDirty()}>
              {label}
            </Button>
          </Group>
        )}
      </Stack>
    </form>
  );
}
