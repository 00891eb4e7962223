import { Stack, Text } from '@mantine/core';
import { CodeBlock } from '../look/copy.js';
import { configurationText, type McpServer } from './mcp-servers.js';

/** How a client connects: to be copied into its settings. */
export function ClientConfiguration({ server }: { server: McpServer }) {
  return (
    <Stack gap={6}>
      <CodeBlock label="Client configuration" text={configurationText(server)} wrap />
      <Text size="xs" c="dimmed">
        {server.isPublic
          ? 'For the settings file of an MCP client. This server is public: it needs no key.'
          : 'For the settings file of an MCP client. Put a key in the place of YOUR_API_KEY; it is not kept here.'}
      </Text>
    </Stack>
  );
}
