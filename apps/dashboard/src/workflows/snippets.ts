/** How the workflow is called, per language: complete programs, for this server and this workflow. */
export interface SnippetParts {
  baseUrl: string;
  workflowId: string;
  input: unknown;
  /** The key itself right after it was made; else the snippet reads the environment. */
  key?: string;
}

export type SnippetLanguage = 'curl' | 'fetch' | 'python' | 'sdk';

export const SNIPPETS: { value: SnippetLanguage; label: string }[] = [
  { value: 'curl', label: 'curl' },
  { value: 'fetch', label: 'fetch' },
  { value: 'python', label: 'Python' },
  { value: 'sdk', label: 'TypeScript SDK' },
];

const indent = (json: string, by: string) => json.replaceAll('\n', `\n${by}`);
/** A shell's single-quoted text. */
const quoted = (text: string) => `'${text.replaceAll("'", `'\\''`)}'`;

export function snippetOf(language: SnippetLanguage, { baseUrl, workflowId, input, key }: SnippetParts): string {
  const url = `${baseUrl}/api/workflows/${workflowId}/execute`;
  const json = JSON.stringify(input, null, 2);
  switch (language) {
    case 'curl':
      return [
        `curl -X POST ${quoted(url)} \\`,
        `  -H 'Content-Type: application/json' \\`,
        `  -H ${key === undefined ? '"X-API-Key: $SIM_API_KEY"' : quoted(`X-API-Key: ${key}`)} \\`,
        `  -d ${quoted(JSON.stringify(input))}`,
      ].join('\n');
    case 'fetch':
      return [
        `const response = await fetch(${JSON.stringify(url)}, {`,
        `  method: 'POST',`,
        `  headers: {`,
        `    'Content-Type': 'application/json',`,
        `    'X-API-Key': ${key === undefined ? 'process.env.SIM_API_KEY' : `'${key}'`},`,
        `  },`,
        `  body: JSON.stringify(${indent(json, '  ')}),`,
        `});`,
        `console.log(await response.json());`,
      ].join('\n');
    case 'python':
      // Of Python's own library: it runs wherever Python does.
      return [
        'import json',
        ...(key === undefined ? ['import os'] : []),
        'import urllib.request',
        '',
        'request = urllib.request.Request(',
        `    ${JSON.stringify(url)},`,
        '    headers={',
        '        "Content-Type": "application/json",',
        `        "X-API-Key": ${key === undefined ? 'os.environ["SIM_API_KEY"]' : JSON.stringify(key)},`,
        '    },',
        `    data=json.dumps(${indent(pythonOf(input), '    ')}).encode(),`,
        ')',
        'with urllib.request.urlopen(request) as response:',
        '    print(json.load(response))',
      ].join('\n');
    case 'sdk':
      return [
        `import { SimStudioClient } from 'simstudio-ts-sdk'; // npm install simstudio-ts-sdk`,
        '',
        `const client = new SimStudioClient({`,
        `  apiKey: ${key === undefined ? 'process.env.SIM_API_KEY!' : `'${key}'`},`,
        `  baseUrl: '${baseUrl}',`,
        `});`,
        `const result = await client.executeWorkflow('${workflowId}', ${json});`,
        `console.log(result.output);`,
      ].join('\n');
  }
}

/** A JSON value as a Python literal. */
export function pythonOf(value: unknown, by = ''): string {
  if (value === null || value === undefined) return 'None';
  if (value === true) return 'True';
  if (value === false) return 'False';
  if (typeof value !== 'object') return JSON.stringify(value);
  const inner = `${by}    `;
  const parts = Array.isArray(value)
    ? value.map((item) => `${inner}${pythonOf(item, inner)},`)
    : Object.entries(value).map(([name, item]) => `${inner}${JSON.stringify(name)}: ${pythonOf(item, inner)},`);
  const [open, close] = Array.isArray(value) ? ['[', ']'] : ['{', '}'];
  return parts.length === 0 ? open + close : `${open}\n${parts.join('\n')}\n${by}${close}`;
}
