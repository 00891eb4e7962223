import { bodyOf, draftOf, EMPTY_DRAFT, formFaults } from './workflow-draft.js';
import type { Workflow } from './workflows.js';

const http: Workflow = {
  id: 'w',
  workspaceId: 'ws',
  name: 'Hook',
  description: null,
  runner: { kind: 'http', url: 'https://example.com', headerNames: ['Authorization'], timeoutMs: 2500 },
  inputSchema: null,
  isDeployed: false,
  deployedAt: null,
  needsRedeployment: false,
  createdAt: '',
  updatedAt: '',
};

describe('a workflow in the form', () => {
  it('keeps the stored headers unless they are replaced', () => {
    expect(bodyOf(draftOf(http)).runner).toEqual({ kind: 'http', url: 'https://example.com', timeoutMs: 2500 });
    expect(
      bodyOf({
        ...draftOf(http),
        sendHeaders: true,
        headers: [
          { name: ' X-Token ', value: 'v' },
          { name: '', value: '' },
        ],
      }).runner,
    ).toMatchObject({
      headers: { 'X-Token': 'v' },
    });
  });

  it('sends an empty schema and description as none', () => {
    expect(bodyOf({ ...EMPTY_DRAFT, name: 'n', expression: '$' })).toMatchObject({
      description: null,
      inputSchema: null,
    });
  });

  it('shows the server’s faults at their fields', () => {
    expect(
      formFaults({
        'runner.expression': 'bad',
        'runner.headers.Host': 'Header cannot be set',
        'inputSchema.type': 'object',
      }),
    ).toEqual({
      expression: 'bad',
      headers: 'Host: Header cannot be set',
      inputSchema: 'object',
    });
  });
});
