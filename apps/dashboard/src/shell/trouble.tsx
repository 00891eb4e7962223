import { Button, Center, Group, Stack, Text, Title } from '@mantine/core';
import { type ErrorComponentProps, useRouter } from '@tanstack/react-router';
import { useEffect } from 'react';
import { ButtonLink } from '../look/links.js';
import { explain } from '../server/refusal.js';
import { reach } from '../server/reach.js';

/** A page that could not be shown: what happened and how to go on. A new version of the page loads itself anew. */
export function Trouble({ error, reset }: ErrorComponentProps) {
  const router = useRouter();
  const { title, text, requestId } = explain(error);
  const isOldPage = /dynamically imported module|module script/i.test(error instanceof Error ? error.message : '');
  const retry = () => {
    if (isOldPage) location.reload();
    reset();
    void router.invalidate();
  };
  useEffect(() => reach.subscribe(() => reach.get() && retry()));
  return (
    <Center mih="60dvh" p="md">
      <Stack align="center" maw={480} gap="sm" role="alert">
        <Title order={1}>{isOldPage ? 'This page has a new version' : title}</Title>
        <Text c="dimmed" ta="center" className="wrap-anywhere">
          {isOldPage ? 'Load it again to go on.' : text}
        </Text>
        {requestId && (
          <Text size="xs" c="dimmed" ff="monospace">
            request {requestId}
          </Text>
        )}
        <Group>
          <Button onClick={retry}>Try again</Button>
          <ButtonLink to="/" variant="default">
            To the start
          </ButtonLink>
        </Group>
      </Stack>
    </Center>
  );
}

export function NothingHere() {
  useEffect(() => {
    document.title = 'Not found · Tollgate';
  }, []);
  return (
    <Center mih="60dvh" p="md" component="main">
      <Stack align="center" maw={480} gap="sm">
        <Title order={1}>There is nothing here</Title>
        <Text c="dimmed" ta="center">
          The address may be wrong, what was here was removed, or you are not a member of its workspace.
        </Text>
        <ButtonLink to="/">To the start</ButtonLink>
      </Stack>
    </Center>
  );
}
