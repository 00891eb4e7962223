import { Button, Collapse, Group, MultiSelect, SegmentedControl, Select, SimpleGrid, Stack } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import { IconFilter, IconX } from '@tabler/icons-react';
import { useInfiniteQuery } from '@tanstack/react-query';
import { Surface } from '../look/surface.js';
import { workflowsQuery } from '../workflows/workflows.js';
import { FilterText } from './filter-text.js';
import { countFilters, type LogSearch } from './log-search.js';
import { instantOf, localOf } from './zone-input.js';

const TRIGGERS = ['manual', 'api', 'schedule', 'chat', 'webhook', 'mcp', 'copilot', 'workflow', 'custom_block'];
const listOf = (text: string | undefined) => (text === undefined ? [] : text.split(','));
const textOf = (list: string[]) => (list.length === 0 ? undefined : list.join(','));
const isNumber = (text: string) => (/^\d+(\.\d+)?$/.test(text) ? null : 'A number');

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
  const hasMore = [
    search.executionId,
    search.minDurationMs,
    search.maxDurationMs,
    search.minCost,
    search.maxCost,
    search.startDate,
    search.endDate,
  ].some((value) => value !== undefined);
  const [isOpen, { toggle }] = useDisclosure(hasMore);
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
          <SimpleGrid cols={{ base: 1, xs: 2, md: 4 }} spacing="sm">
            <FilterText
              label="Run id"
              value={search.executionId}
              onApply={(executionId) => onChange({ executionId })}
            />
            <FilterText
              label="From"
              type="datetime-local"
              value={localOf(search.startDate)}
              onApply={(text) => onChange({ startDate: instantOf(text) })}
            />
            <FilterText
              label="To"
              type="datetime-local"
              value={localOf(search.endDate)}
              onApply={(text) => onChange({ endDate: instantOf(text, true) })}
            />
            <Select
              label="Order"
              data={[
                { value: 'desc', label: 'Newest first' },
                { value: 'asc', label: 'Oldest first' },
              ]}
              value={search.order ?? 'desc'}
              onChange={(order) => onChange({ order: order === 'asc' ? 'asc' : undefined })}
              allowDeselect={false}
            />
            <FilterText
              label="Shortest, ms"
              value={search.minDurationMs}
              check={isNumber}
              onApply={(minDurationMs) => onChange({ minDurationMs })}
            />
            <FilterText
              label="Longest, ms"
              value={search.maxDurationMs}
              check={isNumber}
              onApply={(maxDurationMs) => onChange({ maxDurationMs })}
            />
            <FilterText
              label="Cheapest, $"
              value={search.minCost}
              check={isNumber}
              onApply={(minCost) => onChange({ minCost })}
            />
            <FilterText
              label="Dearest, $"
              value={search.maxCost}
              check={isNumber}
              onApply={(maxCost) => onChange({ maxCost })}
            />
          </SimpleGrid>
        </Collapse>
      </Stack>
    </Surface>
  );
}
