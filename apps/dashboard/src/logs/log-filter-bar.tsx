import { Button, Collapse, Group, MultiSelect, SegmentedControl, Stack } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import { IconFilter, IconX } from '@tabler/icons-react';
import { useInfiniteQuery } from '@tanstack/react-query';
import { Surface } from '../look/surface.js';
import { workflowsQuery } from '../workflows/workflows.js';
import { countFilters, type LogSearch } from './log-search.js';
import { MORE_FILTERS, MoreFilters } from './more-filters.js';

const TRIGGERS = ['manual', 'api', 'schedule', 'chat', 'webhook', 'mcp', 'copilot', 'workflow', 'custom_block'];
const listOf = (text: string | undefined) => (text === undefined ? [] : text.split(','));
const textOf = (list: string[]) => (list.length === 0 ? undefined : list.join(','));

export interface LogFilterBarProps {
  workspaceId: string;
  search: LogSearch;
  onChange: (changes: Partial<LogSearch>) => void;
  onClear: () => void;
}

/** All filters of the log. They stand in the address: a filtered log can be sent to somebody. */
export function LogFilterBar({ workspaceId, search, onChange, onClear }: LogFilterBarProps) {
  const { data } = useInfiniteQuery(workflowsQuery(workspaceId));
  const known =
    data?.pages.flatMap(({ workflows }) => workflows).map(({ id, name }) => ({ value: id, label: name })) ?? [];
  const chosen = listOf(search.workflowIds);
  // A run's workflow may be deleted, or come by a link: its filter stays visible all the same.
  const workflows = [
    ...known,
    ...chosen.filter((id) => !known.some(({ value }) => value === id)).map((id) => ({ value: id, label: id })),
  ];
  const count = countFilters(search);
  const [isOpen, { toggle }] = useDisclosure(MORE_FILTERS.some((name) => search[name] !== undefined));
  return (
    <Surface p="md" mb="md">
      <Stack gap="md">
        <Group gap="sm" align="flex-end">
          <SegmentedControl
            aria-label="Outcome"
            data={[
              { value: 'all', label: 'All' },
              { value: 'info', label: 'Completed' },
              { value: 'error', label: 'Failed' },
            ]}
            value={search.level ?? 'all'}
            onChange={(level) => onChange({ level: level === 'all' ? undefined : (level as 'info' | 'error') })}
          />
          <MultiSelect
            aria-label="Workflows"
            placeholder={chosen.length === 0 ? 'All workflows' : undefined}
            data={workflows}
            value={chosen}
            onChange={(ids) => onChange({ workflowIds: textOf(ids) })}
            searchable
            clearable
            flex="1 1 14rem"
          />
          <MultiSelect
            aria-label="Triggers"
            placeholder={search.triggers === undefined ? 'All triggers' : undefined}
            data={TRIGGERS}
            value={listOf(search.triggers)}
            onChange={(triggers) => onChange({ triggers: textOf(triggers) })}
            searchable
            clearable
            flex="1 1 11rem"
          />
          <Button
            variant="default"
            leftSection={<IconFilter size={16} aria-hidden />}
            onClick={toggle}
            aria-expanded={isOpen}
          >
            {isOpen ? 'Fewer filters' : 'More filters'}
          </Button>
          {count > 0 && (
            <Button variant="subtle" leftSection={<IconX size={16} aria-hidden />} onClick={onClear}>
              Clear {count}
            </Button>
          )}
        </Group>
        <Collapse expanded={isOpen}>
          <MoreFilters search={search} onChange={onChange} />
        </Collapse>
      </Stack>
    </Surface>
  );
}
