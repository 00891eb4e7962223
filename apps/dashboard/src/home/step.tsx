import { Group, Text, ThemeIcon } from '@mantine/core';
import { IconCheck } from '@tabler/icons-react';
import type { ReactNode } from 'react';

export interface StepProps {
  number: number;
  title: string;
  isDone: boolean;
  isNow: boolean;
  children: ReactNode;
}

export function Step({ number, title, isDone, isNow, children }: StepProps) {
  return (
    <li aria-current={isNow ? 'step' : undefined}>
      <Group wrap="nowrap" align="flex-start" gap="md">
        <ThemeIcon
          size={28}
          radius="xl"
          variant={isDone || isNow ? 'filled' : 'default'}
          color={isDone ? 'teal.8' : undefined}
        >
          {isDone ? <IconCheck size={17} aria-label="Done" /> : <span className="numbers">{number}</span>}
        </ThemeIcon>
        <div className="step-body">
          <Text fw={600} mb={4} c={isDone || isNow ? undefined : 'dimmed'}>
            {title}
          </Text>
          {children}
        </div>
      </Group>
    </li>
  );
}
