import { execFileSync } from 'node:child_process';
import { pythonOf, snippetOf } from './snippets.js';

const parts = { baseUrl: 'http://127.0.0.1:3000', workflowId: 'wf1', input: { name: "O'Neil", list: [true, null] } };

describe('snippets', () => {
  it('survive the shell: what curl is given is what was meant', () => {
    const curl = snippetOf('curl', { ...parts, key: 'sk-sim-abc' });
    const told = execFileSync('sh', ['-c', `curl() { for a in "$@"; do printf '%s\\n' "$a"; done; }\n${curl}`], {
      encoding: 'utf8',
    });
    expect(told.split('\n')).toEqual(
      expect.arrayContaining([
        'http://127.0.0.1:3000/api/workflows/wf1/execute',
        'X-API-Key: sk-sim-abc',
        JSON.stringify(parts.input),
      ]),
    );
  });

  it('read the key from the environment when it is not known', () => {
    for (const language of ['curl', 'fetch', 'python', 'sdk'] as const) {
      expect(snippetOf(language, parts)).toContain('SIM_API_KEY');
    }
  });

  it('are JavaScript that parses', () => {
    const fetchCall = snippetOf('fetch', { ...parts, key: 'sk-sim-abc' });
    expect(() => new Function(`return async () => { ${fetchCall} }`)).not.toThrow();
  });

  it('write Python literals', () => {
    expect(pythonOf({ a: [true, false, null], b: {} })).toBe(
      '{\n    "a": [\n        True,\n        False,\n        None,\n    ],\n    "b": {},\n}',
    );
  });
});
