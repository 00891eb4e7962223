import { Stack, Tabs, Text } from '@mantine/core';
import { useState } from 'react';
import { CodeBlock } from '../look/copy.js';
import { type SnippetLanguage, snippetOf, type SnippetParts, SNIPPETS } from './snippets.js';

/** The call in four languages, to copy. */
export function SnippetTabs({ apiKey, ...parts }: Omit<SnippetParts, 'baseUrl' | 'key'> & { apiKey?: string }) {
  const [language, setLanguage] = useState<SnippetLanguage>('curl');
  return (
    <Tabs value={language} onChange={(value) => setLanguage(value as SnippetLanguage)} keepMounted={false}>
      <Tabs.List mb="sm">
        {SNIPPETS.map(({ value, label }) => (
          <Tabs.Tab key={value} value={value}>
            {label}
          </Tabs.Tab>
        ))}
      </Tabs.List>
      <Tabs.Panel value={language}>
        <Stack gap={6}>
          <CodeBlock
            label={`${SNIPPETS.find(({ value }) => value === language)?.label} snippet`}
            text={snippetOf(language, { ...parts, key: apiKey, baseUrl: location.origin })}
          />
          <Text size="xs" c="dimmed">
            {apiKey === undefined
              ? 'The key is read from the environment variable SIM_API_KEY.'
              : 'This holds your new key in plain text: use it here and now, and keep the key in an environment variable afterwards.'}
          </Text>
        </Stack>
      </Tabs.Panel>
    </Tabs>
  );
}
