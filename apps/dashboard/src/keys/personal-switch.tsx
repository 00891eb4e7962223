import { Group, Modal, Button, Stack, Switch, Text } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import type { PersonalKeysReach } from '@tollgate/contracts';
import { useState } from 'react';
import { countText } from '../look/dollars.js';
import { Fault, notifyDone, notifyFault } from '../look/fault.js';
import { Rows, Surface } from '../look/surface.js';
import { useAction } from '../server/use-action.js';
import { changeWorkspace, isAdmin, rememberWorkspace, type Workspace } from '../workspaces/workspaces.js';
import { personalKeysReachQuery } from './keys.js';

/** Whether members' personal keys work in this workspace. Switching off stops keys, so it asks; on does not. */
export function PersonalSwitch({ workspace }: { workspace: Workspace }) {
  const [isAsking, setAsking] = useState(false);
  const isOn = workspace.allowPersonalApiKeys;
  const action = useAction({
    mutationFn: (allow: boolean) => changeWorkspace(workspace.id, { allowPersonalApiKeys: allow }),
    onMutate: (allow) => {
      rememberWorkspace({ ...workspace, allowPersonalApiKeys: allow });
      return workspace;
    },
    onSuccess: (changed) => {
      rememberWorkspace(changed);
      setAsking(false);
      notifyDone(
        changed.allowPersonalApiKeys ? 'Personal keys work here again.' : 'Personal keys are refused here from now on.',
      );
    },
    onError: (error, _wished, before) => {
      if (before) rememberWorkspace(before);
      notifyFault(error, 'The switch went back');
    },
  });
  return (
    <Surface mb="lg">
      <Group justify="space-between" gap="md" wrap="nowrap">
        <div>
          <Text fw={600} id="personal-switch">
            Personal keys in this workspace
          </Text>
          <Text size="sm" c="dimmed" id="personal-switch-about">
            {isOn
              ? 'On: members may call this workspace’s workflows with their own keys.'
              : 'Off: every personal key is refused here, on every route. Workspace keys work as before.'}
            {!isOn && <Refused workspace={workspace} />}
          </Text>
        </div>
        <Switch
          checked={isOn}
          disabled={!isAdmin(workspace) || action.isPending}
          onChange={() => (isOn ? setAsking(true) : action.run(true))}
          aria-labelledby="personal-switch"
          aria-describedby="personal-switch-about"
          size="md"
          withThumbIndicator={false}
        />
      </Group>
      <Modal opened={isAsking} onClose={() => setAsking(false)} title="Switch personal keys off?">
        <Stack>
          <WhatStops workspace={workspace} />
          <Fault error={action.error} />
          <Group justify="flex-end">
            <Button variant="default" onClick={() => setAsking(false)} data-autofocus>
              Cancel
            </Button>
            <Button color="red" loading={action.isPending} onClick={() => action.run(false)}>
              Switch off
            </Button>
          </Group>
        </Stack>
      </Modal>
    </Surface>
  );
}

function WhatStops({ workspace }: { workspace: Workspace }) {
  const { data, error, refetch } = useQuery(personalKeysReachQuery(workspace.id));
  if (!data) return error ? <Fault error={error} retry={() => void refetch()} /> : <Rows count={1} height={66} />;
  return (
    <Text size="sm">
      {data.keys === 0 ? 'It stops no key now' : <b data-stops={data.keys}>It stops {reachText(data)}</b>}
      {data.keys === 0 && ': no member has a personal key that works here'}. From the moment this is confirmed, no
      personal key works in this workspace. The keys stay as they are and keep working in other workspaces; switching on
      again lets them in again.
    </Text>
  );
}

/** An admin sees how many keys knock in vain. */
function Refused({ workspace }: { workspace: Workspace }) {
  const { data } = useQuery({ ...personalKeysReachQuery(workspace.id), enabled: isAdmin(workspace) });
  return data && data.keys > 0 ? ` Kept out now: ${reachText(data)}.` : null;
}

const reachText = ({ keys, owners }: PersonalKeysReach) =>
  `${countText(keys)} ${keys === 1 ? 'key' : 'keys'} of ${countText(owners)} ${owners === 1 ? 'member' : 'members'}`;
