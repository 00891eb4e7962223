import { Progress, SimpleGrid, Text } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import type { ReactNode } from 'react';
import { countText, dollarsOf } from '../look/dollars.js';
import { Fault } from '../look/fault.js';
import { Rows, Surface } from '../look/surface.js';
import { limitsQuery } from './usage.js';

/** The server writes "no limit" as the greatest number it can. */
const NO_LIMIT = 9e9;

/** What is left: of the month's allowance, and of the rates. */
export function LimitGauges() {
  const { data, error, refetch } = useQuery(limitsQuery);
  if (!data) return error ? <Fault error={error} retry={() => void refetch()} /> : <Rows count={1} height={112} />;
  const { usage, rateLimit } = data;
  return (
    <SimpleGrid cols={{ base: 1, sm: 3 }} spacing="md">
      <Gauge
        label={`Allowance of the plan ${usage.plan}`}
        used={usage.currentPeriodCost}
        limit={usage.limit}
        shown={`${dollarsOf(usage.currentPeriodCost)} ${usage.limit >= NO_LIMIT ? '' : `of ${dollarsOf(usage.limit)}`}`}
        about={
          usage.limit >= NO_LIMIT
            ? 'No limit'
            : usage.currentPeriodCost >= usage.limit
              ? 'Used up: runs are refused (402)'
              : 'This month'
        }
      />
      <RateGauge label="Runs, synchronous" bucket={rateLimit.sync} />
      <RateGauge label="Runs, asynchronous" bucket={rateLimit.async} />
    </SimpleGrid>
  );
}

function RateGauge({
  label,
  bucket,
}: {
  label: string;
  bucket: { limit: number; remaining: number; requestsPerMinute: number };
}) {
  const isFree = bucket.limit >= NO_LIMIT;
  return (
    <Gauge
      label={label}
      used={bucket.limit - bucket.remaining}
      limit={bucket.limit}
      shown={isFree ? 'No limit' : `${countText(bucket.remaining)} of ${countText(bucket.limit)} left`}
      about={isFree ? null : `${countText(bucket.requestsPerMinute)} more each minute`}
    />
  );
}

interface GaugeProps {
  label: string;
  used: number;
  limit: number;
  shown: string;
  about: ReactNode;
}

function Gauge({ label, used, limit, shown, about }: GaugeProps) {
  const share = limit >= NO_LIMIT ? 0 : limit <= 0 ? 100 : Math.min(100, (used / limit) * 100);
  return (
    <Surface p="md">
      <Text size="sm" c="dimmed">
        {label}
      </Text>
      <Text fw={600} className="numbers" mb={8}>
        {shown}
      </Text>
      <Progress
        value={share}
        color={share >= 100 ? 'red' : share >= 80 ? 'orange' : undefined}
        size="md"
        aria-label={`${label}: ${Math.round(share)} % used`}
      />
      <Text size="xs" c="dimmed" mt={8} mih="1.2em">
        {about}
      </Text>
    </Surface>
  );
}
