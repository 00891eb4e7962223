import { Button, Group, Pagination, Select, Stack, Text, TextInput } from '@mantine/core';
import { IconKey, IconPlus, IconSearch, IconTrash } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { useMemo, useState } from 'react';
import { countText } from '../look/dollars.js';
import { Empty } from '../look/empty.js';
import { Fault } from '../look/fault.js';
import { Rows, Surface } from '../look/surface.js';
import { isAdmin, type Workspace } from '../workspaces/workspaces.js';
import { arrangeKeys, KEY_ORDERS, KEYS_PER_PAGE, type KeyOrder } from './key-search.js';
import { KeyTable } from './key-table.js';
import { type KeyKind, keysQuery, type KeyView } from './keys.js';
import { RenameKeyDialog } from './rename-key-dialog.js';
import { RevokeDialog } from './revoke-dialog.js';

export interface KeyListProps {
  kind: KeyKind;
  workspace: Workspace;
  onCreate: () => void;
}

/** The keys, and the dialogs that change them: those outlive the list, so that the last key's receipt is seen too. */
export function KeyList({ kind, workspace, onCreate }: KeyListProps) {
  const [revoking, setRevoking] = useState<KeyView[]>([]);
  const [renaming, setRenaming] = useState<KeyView>();
  return (
    <>
      <Listed kind={kind} workspace={workspace} onCreate={onCreate} onRevoke={setRevoking} onRename={setRenaming} />
      <RevokeDialog kind={kind} workspaceId={workspace.id} keys={revoking} onClose={() => setRevoking([])} />
      <RenameKeyDialog workspaceId={workspace.id} target={renaming} onClose={() => setRenaming(undefined)} />
    </>
  );
}

interface ListedProps extends KeyListProps {
  onRevoke: (keys: KeyView[]) => void;
  onRename: (key: KeyView) => void;
}

function Listed({ kind, workspace, onCreate, onRevoke, onRename }: ListedProps) {
  const { data: keys, error, refetch } = useQuery(keysQuery(kind, workspace.id));
  const [text, setText] = useState('');
  const [order, setOrder] = useState<KeyOrder>('newest');
  const [page, setPage] = useState(1);
  const [chosen, setChosen] = useState<ReadonlySet<string>>(new Set());
  const found = useMemo(() => arrangeKeys(keys ?? [], text, order), [keys, text, order]);
  const mayChange = kind === 'personal' || isAdmin(workspace);

  if (!keys) return error ? <Fault error={error} retry={() => void refetch()} /> : <Rows count={5} height={52} />;
  if (keys.length === 0) {
    return (
      <Surface>
        <Empty
          icon={IconKey}
          title={kind === 'personal' ? 'You have no personal keys' : 'This workspace has no keys'}
          text={
            kind === 'personal'
              ? 'Make one to call workflows as yourself, in every workspace that lets you.'
              : mayChange
                ? 'Make one for a server or a job: it belongs to the workspace and outlives who made it.'
                : 'An admin of the workspace can make one.'
          }
        >
          {mayChange && (
            <Button leftSection={<IconPlus size={18} aria-hidden />} onClick={onCreate}>
              Create key
            </Button>
          )}
        </Empty>
      </Surface>
    );
  }
  const pages = Math.max(1, Math.ceil(found.length / KEYS_PER_PAGE));
  const current = Math.min(page, pages);
  const shown = found.slice((current - 1) * KEYS_PER_PAGE, current * KEYS_PER_PAGE);
  const picked = keys.filter(({ id }) => chosen.has(id));
  const toggle = (ids: string[], on: boolean) => {
    const next = new Set(chosen);
    for (const id of ids)
      if (on) next.add(id);
      else next.delete(id);
    setChosen(next);
  };
  return (
    <Surface p={0}>
      <Group p="md" gap="sm" justify="space-between">
        <TextInput
          placeholder="Search by name or last characters"
          aria-label="Search keys"
          leftSection={<IconSearch size={16} aria-hidden />}
          value={text}
          onChange={(event) => {
            setText(event.currentTarget.value);
            setPage(1);
          }}
          flex="100 1 14rem"
        />
        <Select
          aria-label="Order"
          data={KEY_ORDERS}
          value={order}
          onChange={(value) => value && setOrder(value)}
          allowDeselect={false}
          flex="1 1 8rem"
          maw={180}
        />
        {mayChange && (
          <Button
            variant="light"
            color="red"
            leftSection={<IconTrash size={16} aria-hidden />}
            disabled={picked.length === 0}
            onClick={() => onRevoke(picked)}
          >
            Revoke {picked.length > 0 ? countText(picked.length) : 'chosen'}
          </Button>
        )}
      </Group>
      <KeyTable
        keys={shown}
        kind={kind}
        workspaceId={workspace.id}
        mayChange={mayChange}
        chosen={chosen}
        onChoose={toggle}
        onRename={kind === 'workspace' ? onRename : undefined}
        onRevoke={(key) => onRevoke([key])}
      />
      {found.length === 0 && (
        <Text c="dimmed" size="sm" ta="center" py="xl">
          No key holds “{text}” in its name or preview.
        </Text>
      )}
      <Stack p="md" gap="xs">
        <Group justify="space-between">
          <Text size="sm" c="dimmed" role="status">
            {found.length === keys.length
              ? `${countText(keys.length)} ${keys.length === 1 ? 'key' : 'keys'}`
              : `${countText(found.length)} of ${countText(keys.length)} keys`}
          </Text>
          {pages > 1 && (
            <Pagination
              total={pages}
              value={current}
              onChange={setPage}
              size="sm"
              getItemProps={(number) => ({ 'aria-label': `Page ${number}` })}
              getControlProps={(control) => ({ 'aria-label': `${control} page` })}
            />
          )}
        </Group>
      </Stack>
    </Surface>
  );
}
