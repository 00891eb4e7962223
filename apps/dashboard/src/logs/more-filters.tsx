import { Checkbox, Group, Select, SimpleGrid } from '@mantine/core';
import { FilterText } from './filter-text.js';
import type { LogSearch } from './log-search.js';
import { instantOf, localOf } from './zone-input.js';

const isNumber = (text: string) => (/^\d+(\.\d+)?$/.test(text) ? null : 'A number');

/** What stands here: an address that has one of them opens it. */
export const MORE_FILTERS = [
  'executionId',
  'startDate',
  'endDate',
  'order',
  'minDurationMs',
  'maxDurationMs',
  'minCost',
  'maxCost',
  'folderIds',
  'model',
  'includeFinalOutput',
  'includeTraceSpans',
] as const satisfies (keyof LogSearch)[];

export interface MoreFiltersProps {
  search: LogSearch;
  onChange: (changes: Partial<LogSearch>) => void;
}

/** The filters that are needed more seldom, and what else the list shows of each run. */
export function MoreFilters({ search, onChange }: MoreFiltersProps) {
  return (
    <SimpleGrid cols={{ base: 1, xs: 2, md: 4 }} spacing="sm">
      <FilterText label="Run id" value={search.executionId} onApply={(executionId) => onChange({ executionId })} />
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
      <FilterText
        label="Folder ids"
        description="Runs of workflows in these folders, by commas. No workflow is in a folder yet."
        value={search.folderIds}
        onApply={(folderIds) => onChange({ folderIds })}
      />
      <FilterText
        label="Model"
        description="Runs that used this model. No kind of workflow names one yet."
        value={search.model}
        onApply={(model) => onChange({ model })}
      />
      <Checkbox.Group
        label="Also show"
        description="With each run in the list."
        value={[...(search.includeFinalOutput ? ['output'] : []), ...(search.includeTraceSpans ? ['spans'] : [])]}
        onChange={(shown) =>
          onChange({
            includeFinalOutput: shown.includes('output') || undefined,
            includeTraceSpans: shown.includes('spans') || undefined,
          })
        }
      >
        <Group gap="md" mt={8}>
          <Checkbox value="output" label="Output" />
          <Checkbox value="spans" label="Spans" />
        </Group>
      </Checkbox.Group>
    </SimpleGrid>
  );
}
