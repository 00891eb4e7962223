import { Alert } from '@mantine/core';
import { IconPlugConnectedX } from '@tabler/icons-react';
import { useEffect, useSyncExternalStore } from 'react';
import { queryClient } from '../server/query-client.js';
import { reach } from '../server/reach.js';

const PROBE_EVERY_MS = 2_000;

/** Tells that the server is away, looks for it, and reads everything again when it is back. */
export function AwayBanner() {
  const isReachable = useSyncExternalStore(reach.subscribe, reach.get);
  useEffect(() => {
    if (isReachable) return;
    const timer = setInterval(() => {
      fetch('/health/live', { signal: AbortSignal.timeout(PROBE_EVERY_MS) }).then(
        (answer) => {
          if (!answer.ok) return;
          reach.set(true);
          void queryClient.invalidateQueries();
        },
        () => undefined,
      );
    }, PROBE_EVERY_MS);
    return () => clearInterval(timer);
  }, [isReachable]);
  if (isReachable) return null;
  return (
    <Alert
      color="orange"
      icon={<IconPlugConnectedX aria-hidden />}
      title="The server cannot be reached"
      mb="md"
      role="status"
    >
      What you see may be old. This page looks for the server every two seconds and goes on by itself; nothing you have
      typed is lost.
    </Alert>
  );
}
