import { Group, Text } from '@mantine/core';

/** Who we are. */
export function Mark() {
  return (
    <Group gap={10} wrap="nowrap">
      <img src="/favicon.svg" width={28} height={28} alt="" />
      <Text fw={700} fz="lg" lh={1}>
        Tollgate
      </Text>
    </Group>
  );
}
