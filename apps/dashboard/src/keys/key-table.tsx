import { ActionIcon, Badge, Checkbox, Code, Group, Menu, Table, Text } from '@mantine/core';
import { IconDots, IconPencil, IconTrash } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { dollars } from '../look/dollars.js';
import { Moment } from '../look/moment.js';
import { TableFrame } from '../look/table-frame.js';
import { memberNamesQuery } from '../members/members.js';
import { expiryState } from './key-expiry.js';
import { type KeyKind, type KeyView, spendByKeyQuery } from './keys.js';

export interface KeyTableProps {
  keys: KeyView[];
  kind: KeyKind;
  workspaceId: string;
  mayChange: boolean;
  chosen: ReadonlySet<string>;
  onChoose: (ids: string[], on: boolean) => void;
  /** Only workspace keys have a rename. */
  onRename?: (key: KeyView) => void;
  onRevoke: (key: KeyView) => void;
}

export function KeyTable({ keys, kind, workspaceId, mayChange, chosen, onChoose, onRename, onRevoke }: KeyTableProps) {
  const names = useQuery(memberNamesQuery(workspaceId)).data;
  const spend = useQuery(spendByKeyQuery).data;
  // Personal keys are listed to who made them alone.
  const creatorOf = ({ createdBy }: KeyView) =>
    kind === 'personal' ? 'you' : (names?.get(createdBy ?? '') ?? 'former member');
  const ids = keys.map(({ id }) => id);
  const chosenHere = ids.filter((id) => chosen.has(id)).length;
  return (
    <TableFrame label="Keys">
      <Table highlightOnHover aria-label={kind === 'personal' ? 'Personal keys' : 'Workspace keys'}>
        <Table.Thead>
          <Table.Tr>
            {mayChange && (
              <Table.Th w={44}>
                <Checkbox
                  aria-label="Choose all on this page"
                  checked={chosenHere > 0 && chosenHere === ids.length}
                  indeterminate={chosenHere > 0 && chosenHere < ids.length}
                  onChange={(event) => onChoose(ids, event.currentTarget.checked)}
                />
              </Table.Th>
            )}
            <Table.Th>Name</Table.Th>
            <Table.Th className="wide-only">Key and type</Table.Th>
            <Table.Th className="wide-only">Created by</Table.Th>
            <Table.Th className="wide-only">Last used</Table.Th>
            <Table.Th>Expires</Table.Th>
            <Table.Th className="wide-only" ta="right" title="Runs of this UTC month that are on your bill">
              This month
            </Table.Th>
            <Table.Th w={52}>
              <span className="visually-hidden">Actions</span>
            </Table.Th>
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {keys.map((key) => (
            <Table.Tr key={key.id} data-key-name={key.name}>
              {mayChange && (
                <Table.Td>
                  <Checkbox
                    aria-label={`Choose ${key.name}`}
                    checked={chosen.has(key.id)}
                    onChange={(event) => onChoose([key.id], event.currentTarget.checked)}
                  />
                </Table.Td>
              )}
              <Table.Td maw={0} w="40%">
                <Text size="sm" fw={600} lineClamp={2} className="wrap-anywhere" title={key.name}>
                  {key.name}
                </Text>
                <Text size="xs" c="dimmed" className="narrow-only">
                  {key.displayKey} · {key.lastUsed ? <Moment at={key.lastUsed} relative /> : 'never used'}
                </Text>
              </Table.Td>
              <Table.Td className="wide-only">
                <Code>{key.displayKey}</Code>
                <Text size="xs" c="dimmed">
                  {kind}
                </Text>
              </Table.Td>
              <Table.Td className="wide-only" maw={140}>
                <Text size="sm" className="long" title={creatorOf(key)}>
                  {creatorOf(key)}
                </Text>
                <Text size="xs" c="dimmed">
                  <Moment at={key.createdAt} relative />
                </Text>
              </Table.Td>
              <Table.Td className="wide-only">
                <Text size="sm" c={key.lastUsed ? undefined : 'dimmed'}>
                  {key.lastUsed ? <Moment at={key.lastUsed} relative /> : 'never'}
                </Text>
              </Table.Td>
              <Table.Td>
                <Expiry expiresAt={key.expiresAt} />
              </Table.Td>
              <Table.Td className="wide-only" ta="right">
                <Text size="sm" className="numbers">
                  {spend ? dollars(spend.get(key.id) ?? '0') : '…'}
                </Text>
              </Table.Td>
              <Table.Td>{mayChange && <Actions target={key} onRename={onRename} onRevoke={onRevoke} />}</Table.Td>
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
    </TableFrame>
  );
}

function Expiry({ expiresAt }: { expiresAt: string | null }) {
  const state = expiryState(expiresAt, Date.now());
  if (expiresAt === null) {
    return (
      <Text size="sm" c="dimmed">
        never
      </Text>
    );
  }
  return (
    <Group gap={6} wrap="nowrap">
      <Text size="sm">
        <Moment at={expiresAt} relative />
      </Text>
      {state === 'soon' && (
        <Badge color="orange" variant="light">
          soon
        </Badge>
      )}
      {state === 'over' && (
        <Badge color="red" variant="light">
          expired
        </Badge>
      )}
    </Group>
  );
}

function Actions({ target, onRename, onRevoke }: { target: KeyView } & Pick<KeyTableProps, 'onRename' | 'onRevoke'>) {
  return (
    <Menu position="bottom-end">
      <Menu.Target>
        <ActionIcon variant="subtle" color="gray" aria-label={`Actions for ${target.name}`}>
          <IconDots size={18} aria-hidden />
        </ActionIcon>
      </Menu.Target>
      <Menu.Dropdown>
        {onRename && (
          <Menu.Item leftSection={<IconPencil size={16} aria-hidden />} onClick={() => onRename(target)}>
            Rename
          </Menu.Item>
        )}
        <Menu.Item
          color="var(--mantine-color-error)"
          leftSection={<IconTrash size={16} aria-hidden />}
          onClick={() => onRevoke(target)}
        >
          Revoke
        </Menu.Item>
      </Menu.Dropdown>
    </Menu>
  );
}
