import { execute, operate, Person, type Place } from './person.js';

const ECHO = { kind: 'expression', expression: '$' };

/** The main flows of a platform, from sign-up to revocation: after them every type of event there is has come about. */
export async function makeEveryEvent(platform: Place): Promise<void> {
  const [ada, bob] = [await Person.signUp(platform, 'Ada'), await Person.signUp(platform, 'Bob')];
  const workspaceId = await ada.workspace();
  await inWorkspace(ada, bob, workspaceId);
  const workflowId = await ada.workflow(workspaceId);
  const { id, key } = await ada.workspaceKey(workspaceId);
  const keyPath = `/api/workspaces/${workspaceId}/api-keys/${id}`;
  await ada.ok('PUT', keyPath, { name: 'Renamed' });
  const run = await execute(platform, workflowId, key, { question: 42 });
  if (run.status !== 200) throw new Error(`the run answered ${run.status}: ${JSON.stringify(run.body)}`);
  await ada.ok('DELETE', keyPath);
  await ofWorkflows(ada, workspaceId, workflowId);
  await ofTheOperator(platform, bob.userId);
}

async function inWorkspace(ada: Person, bob: Person, workspaceId: string): Promise<void> {
  const path = `/api/workspaces/${workspaceId}`;
  await ada.ok('PATCH', path, { name: 'Renamed' });
  await ada.ok('PATCH', path, { allowPersonalApiKeys: false });
  await ada.ok('PATCH', path, { allowPersonalApiKeys: true });
  const { invitation } = await ada.ok('POST', `${path}/members`, { email: 'nobody@example.com', permission: 'read' });
  await ada.ok('DELETE', `${path}/invitations/${invitation.id}`);
  await ada.join(workspaceId, bob, 'read');
  await ada.ok('PATCH', `${path}/permissions`, { updates: [{ userId: bob.userId, permissions: 'admin' }] });
  await ada.ok('PATCH', path, { billedAccountUserId: bob.userId });
  await ada.ok('PATCH', path, { billedAccountUserId: ada.userId });
  await ada.ok('DELETE', `${path}/members/${bob.userId}`);
}

async function ofWorkflows(ada: Person, workspaceId: string, workflowId: string): Promise<void> {
  const servers = '/api/mcp/workflow-servers';
  const { server } = await ada.ok('POST', servers, { workspaceId, name: 'Tools', workflowIds: [workflowId] });
  await ada.ok('PATCH', `${servers}/${server.id}`, { name: 'Other tools' });
  await ada.ok('DELETE', `${servers}/${server.id}`);
  await ada.ok('PUT', `/api/workflows/${workflowId}`, { runner: ECHO, description: 'echoes' });
  await ada.ok('DELETE', `/api/workflows/${workflowId}/deploy`);
  await ada.ok('DELETE', `/api/workflows/${workflowId}`);
}

async function ofTheOperator(platform: Place, userId: string): Promise<void> {
  for (const [method, path, body] of [
    ['PUT', `/users/${userId}/plan`, { plan: 'pro' }],
    ['PUT', `/users/${userId}/usage-limit`, { usd: '5' }],
    ['POST', `/users/${userId}/suspend`, undefined],
    ['POST', `/users/${userId}/unsuspend`, undefined],
    ['PUT', '/prices', { from: '2100-01-01T00:00:00.000Z', basePerRun: '0.006' }],
  ] as const) {
    const answer = await operate(platform, method, path, body);
    if (answer.status !== 200) throw new Error(`${path} answered ${answer.status}: ${JSON.stringify(answer.body)}`);
  }
}
