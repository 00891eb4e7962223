import { Button, Container, Group, PasswordInput, Stack, Tabs, Text } from '@mantine/core';
import { useForm } from '@mantine/form';
import { useEffect, useMemo, useState } from 'react';
import { Fault } from '../look/fault.js';
import { AnchorLink } from '../look/links.js';
import { PageHeader } from '../look/page-header.js';
import { Surface } from '../look/surface.js';
import { Refusal } from '../server/refusal.js';
import { useAction } from '../server/use-action.js';
import { Mark } from '../shell/mark.js';
import { SchemeToggle } from '../shell/scheme-toggle.js';
import { GatewaysPanel } from './gateways-panel.js';
import { HealthPanel } from './health-panel.js';
import { type Operator, operatorOf } from './operator.js';
import { PeoplePanel } from './people-panel.js';
import { PricePanel } from './price-panel.js';
import { ServicesPanel } from './services-panel.js';

/** For whoever runs the platform. The admin key is kept in this page's memory: a reload forgets it. */
export default function OperatorPage() {
  const [adminKey, setAdminKey] = useState<string>();
  const operator = useMemo(() => (adminKey === undefined ? undefined : operatorOf(adminKey)), [adminKey]);
  useEffect(() => {
    const forget = () => setAdminKey(undefined);
    addEventListener('pagehide', forget);
    return () => removeEventListener('pagehide', forget);
  }, []);
  return (
    <Container size="lg" py="md" component="main" tabIndex={-1}>
      <Group justify="space-between" mb="xl">
        <Mark />
        <Group gap="sm">
          <AnchorLink to="/" size="sm">
            To the workspaces
          </AnchorLink>
          <SchemeToggle />
        </Group>
      </Group>
      <PageHeader title="Operator" about="People, prices, gateways and the health of each part.">
        {operator && (
          <Button variant="default" onClick={() => setAdminKey(undefined)}>
            Forget the admin key
          </Button>
        )}
      </PageHeader>
      <Stack gap="lg">
        {operator ? <Desk operator={operator} /> : <Door onOpen={setAdminKey} />}
        <HealthPanel />
        {operator && <ServicesPanel operator={operator} />}
      </Stack>
    </Container>
  );
}

function Desk({ operator }: { operator: Operator }) {
  return (
    <Tabs defaultValue="people" keepMounted={false}>
      <Tabs.List mb="md">
        <Tabs.Tab value="people">People</Tabs.Tab>
        <Tabs.Tab value="prices">Prices</Tabs.Tab>
        <Tabs.Tab value="gateways">Gateways</Tabs.Tab>
      </Tabs.List>
      <Tabs.Panel value="people">
        <PeoplePanel operator={operator} />
      </Tabs.Panel>
      <Tabs.Panel value="prices">
        <PricePanel operator={operator} />
      </Tabs.Panel>
      <Tabs.Panel value="gateways">
        <GatewaysPanel operator={operator} />
      </Tabs.Panel>
    </Tabs>
  );
}

/** A question that changes nothing: the right key is told that nobody has this address. */
async function tryKey(adminKey: string): Promise<string> {
  try {
    await operatorOf(adminKey).findUser('nobody@tollgate.invalid');
  } catch (error) {
    if (!(error instanceof Refusal) || error.message !== 'User not found') throw error;
  }
  return adminKey;
}

function Door({ onOpen }: { onOpen: (adminKey: string) => void }) {
  const form = useForm({
    initialValues: { adminKey: '' },
    validate: {
      adminKey: (text) => (/^[\x21-\x7e]+$/.test(text.trim()) ? null : 'The key that ADMIN_API_KEY was set to'),
    },
  });
  const action = useAction({ mutationFn: tryKey, gcTime: 0, onSuccess: onOpen });
  const status = action.error instanceof Refusal ? action.error.status : undefined;
  return (
    <Surface maw={560}>
      <form onSubmit={form.onSubmit(({ adminKey }) => action.run(adminKey.trim()))} autoComplete="off">
        <Stack>
          <PasswordInput
            label="Admin key"
            description="The server’s ADMIN_API_KEY. It stays in this page’s memory and is forgotten when you leave."
            required
            autoComplete="off"
            visibilityToggleButtonProps={{ 'aria-label': 'Show or hide the key' }}
            {...form.getInputProps('adminKey')}
            error={status === 401 ? 'This is not the admin key' : form.errors.adminKey}
          />
          {status === 404 && (
            <Text size="sm" c="var(--mantine-color-error)" role="alert">
              The operator’s routes are off. Set ADMIN_API_KEY (16 characters at least) and start the server again.
            </Text>
          )}
          {status !== 401 && status !== 404 && <Fault error={action.error} />}
          <Button type="submit" loading={action.isPending} w="fit-content">
            Open
          </Button>
        </Stack>
      </form>
    </Surface>
  );
}
