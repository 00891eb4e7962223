import { Alert, Anchor, Badge, Grid, Group, Skeleton, Stack, Text, Textarea } from '@mantine/core';
import type { UseFormReturnType } from '@mantine/form';
import { useState } from 'react';
import { jsonFault, placeOf } from './place.js';
import { type TryOut, useTryOut } from './use-try-out.js';
import type { WorkflowDraft } from './workflow-draft.js';
import { SAMPLE } from './workflows.js';

/** A JSONata expression, tried out on a sample input while it is typed. The sample is not saved. */
export function ExpressionEditor({ form }: { form: UseFormReturnType<WorkflowDraft> }) {
  const [input, setInput] = useState(JSON.stringify(SAMPLE.input, null, 2));
  const { expression } = form.values;
  const tryOut = useTryOut(expression, input);
  return (
    <Stack>
      <Textarea
        label="Expression"
        description={
          <>
            <Anchor underline="always" href="https://docs.jsonata.org" target="_blank" rel="noreferrer" inherit>
              JSONata
            </Anchor>
            : takes the input apart and puts the output together. <code>$</code> is the whole input.
          </>
        }
        required
        autosize
        minRows={6}
        maxRows={24}
        spellCheck={false}
        autoComplete="off"
        classNames={{ input: 'code-input' }}
        {...form.getInputProps('expression')}
      />
      <Grid gap="md">
        <Grid.Col span={{ base: 12, md: 6 }}>
          <Textarea
            label="Sample input"
            description="To try it out with; not saved"
            value={input}
            onChange={(event) => setInput(event.currentTarget.value)}
            error={jsonFault(input)}
            autosize
            minRows={6}
            maxRows={16}
            spellCheck={false}
            autoComplete="off"
            classNames={{ input: 'code-input' }}
          />
        </Grid.Col>
        <Grid.Col span={{ base: 12, md: 6 }}>
          <Result tryOut={tryOut} expression={expression} />
        </Grid.Col>
      </Grid>
    </Stack>
  );
}

function Result({ tryOut, expression }: { tryOut: TryOut; expression: string }) {
  return (
    <Stack gap={4} mih={190} role="status" aria-label="Result of the try-out" data-try-out={tryOut.state}>
      <Group gap="xs" h="1.35rem">
        <Text size="sm" fw={600}>
          Output
        </Text>
        {tryOut.state === 'done' && tryOut.told.ok && (
          <Badge color="teal" variant="light" size="sm">
            works
          </Badge>
        )}
      </Group>
      <Text size="xs" c="dimmed" mt={-4} mb={1}>
        Run in this browser, live; nothing is billed
      </Text>
      {tryOut.state === 'idle' && (
        <Text size="sm" c="dimmed">
          Type an expression and an input to see what comes out.
        </Text>
      )}
      {tryOut.state === 'running' && <Skeleton height={120} />}
      {tryOut.state === 'late' && (
        <Alert color="orange" title="No answer within 2 seconds">
          The try-out was ended. Deployed, it would be ended after the server’s limit, as a failed run.
        </Alert>
      )}
      {tryOut.state === 'done' && tryOut.told.ok && (
        <pre className="code-block code-block-wrapped" tabIndex={0} role="region" aria-label="Output">
          {tryOut.told.output.slice(0, 20_000)}
        </pre>
      )}
      {tryOut.state === 'done' && !tryOut.told.ok && <ExpressionFault expression={expression} {...tryOut.told} />}
    </Stack>
  );
}

interface ExpressionFaultProps {
  expression: string;
  message: string;
  position: number | undefined;
  stage: 'compile' | 'run';
}

function ExpressionFault({ expression, message, position, stage }: ExpressionFaultProps) {
  const place = position === undefined ? undefined : placeOf(expression, position);
  return (
    <Alert
      color="red"
      title={stage === 'compile' ? 'This is not a JSONata expression' : 'The expression fails on this input'}
    >
      <Text size="sm" className="wrap-anywhere">
        {message}
        {place && ` (line ${place.line}, column ${place.column})`}
      </Text>
      {place && <pre className="code-excerpt">{place.excerpt}</pre>}
    </Alert>
  );
}
