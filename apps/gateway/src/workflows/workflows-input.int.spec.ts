import { GatewayUnderTest } from '../../test/gateway-under-test.js';

const HTTP = { kind: 'http', url: 'https://93.184.216.34/hook' };

describe('bad input of workflow management', () => {
  let gateway: GatewayUnderTest;
  let as: GatewayUnderTest['as'];

  beforeAll(async () => {
    gateway = await GatewayUnderTest.start();
    as = gateway.as.bind(gateway);
    await gateway.user('anna');
    await gateway.workspace('ws1', 'anna');
  });
  afterAll(() => gateway.stop());

  const draft = (more: object = {}) => ({
    workspaceId: 'ws1',
    name: 'Echo',
    runner: { kind: 'expression', expression: '$' },
    ...more,
  });

  test.each([
    [
      'an expression that does not compile',
      { runner: { kind: 'expression', expression: '$sum(' } },
      ['runner', 'expression'],
    ],
    ['an empty expression', { runner: { kind: 'expression', expression: '  ' } }, ['runner', 'expression']],
    [
      'an endless expression text',
      { runner: { kind: 'expression', expression: 'x'.repeat(20_000) } },
      ['runner', 'expression'],
    ],
    [
      'brackets without end',
      { runner: { kind: 'expression', expression: '('.repeat(16_000) } },
      ['runner', 'expression'],
    ],
    ['an expression with NUL', { runner: { kind: 'expression', expression: '"\u0000"' } }, ['runner', 'expression']],
    ['no runner', { runner: undefined }, ['runner']],
    ['an unknown runner', { runner: { kind: 'shell', command: 'ls' } }, ['runner', 'kind']],
    ['a file URL', { runner: { kind: 'http', url: 'file:///etc/passwd' } }, ['runner', 'url']],
    ['no URL', { runner: { kind: 'http', url: 'nonsense' } }, ['runner', 'url']],
    ['a loopback URL', { runner: { kind: 'http', url: 'http://127.0.0.1:5432/' } }, ['runner', 'url']],
    ['a loopback URL in disguise', { runner: { kind: 'http', url: 'http://0x7f.1/' } }, ['runner', 'url']],
    ['the cloud’s metadata', { runner: { kind: 'http', url: 'http://169.254.169.254/latest' } }, ['runner', 'url']],
    ['a password in the URL', { runner: { kind: 'http', url: 'https://a:b@example.com/' } }, ['runner', 'url']],
    ['a host header', { runner: { ...HTTP, headers: { Host: 'x' } } }, ['runner', 'headers', 'Host']],
    [
      'a length header',
      { runner: { ...HTTP, headers: { 'content-length': '1' } } },
      ['runner', 'headers', 'content-length'],
    ],
    [
      'a hop-by-hop header',
      { runner: { ...HTTP, headers: { Connection: 'close' } } },
      ['runner', 'headers', 'Connection'],
    ],
    ['a split header', { runner: { ...HTTP, headers: { 'X-A': 'b\r\nX-C: d' } } }, ['runner', 'headers', 'X-A']],
    ['a header name with blanks', { runner: { ...HTTP, headers: { 'X A': 'b' } } }, ['runner', 'headers', 'X A']],
    ['a blank name', { name: '   ' }, ['name']],
    ['a name too long', { name: 'x'.repeat(101) }, ['name']],
    ['a name with control characters', { name: 'a\u0007b' }, ['name']],
    ['a description with NUL', { description: 'a\u0000' }, ['description']],
    ['a schema of a list', { inputSchema: { type: 'array' } }, ['inputSchema', 'type']],
    ['a schema that nests without end', { inputSchema: nested(500) }, ['inputSchema']],
    ['a schema without end', { inputSchema: { description: 'x'.repeat(70_000) } }, ['inputSchema']],
  ])('bad input is refused and names the place: %s', async (_what, more, path) => {
    const answer = await as('anna')('POST', '/api/workflows', draft(more));
    expect(answer.status).toBe(400);
    expect(answer.json).toMatchObject({ error: 'Validation error', code: 'VALIDATION_ERROR' });
    expect(answer.json.details).toContainEqual(expect.objectContaining({ path, message: expect.any(String) }));
  });

  test('where an expression is wrong is told', async () => {
    const answer = await as('anna')(
      'POST',
      '/api/workflows',
      draft({ runner: { kind: 'expression', expression: 'a + ' } }),
    );
    expect(answer.json.details).toEqual([
      expect.objectContaining({
        path: ['runner', 'expression'],
        position: expect.any(Number),
        message: expect.any(String),
      }),
    ]);
  });

  test('an unknown member, no change at all, broken JSON and a form are refused', async () => {
    const { id } = (await as('anna')('POST', '/api/workflows', draft())).json.workflow;
    expect((await as('anna')('POST', '/api/workflows', draft({ admin: true }))).status).toBe(400);
    expect((await as('anna')('PUT', `/api/workflows/${id}`, {})).json.details[0].message).toBe('No updates provided');
    const broken = await gateway.send('POST', '/api/workflows', { cookie: 'person=anna' }, '{"name":');
    expect([broken.status, broken.json.code]).toEqual([400, 'INVALID_JSON']);
    const form = { cookie: 'person=anna', 'content-type': 'application/x-www-form-urlencoded' };
    expect((await gateway.send('POST', '/api/workflows', form, 'name=x')).status).toBe(415);
    expect((await as('anna')('GET', `/api/workflows/${'x'.repeat(190)}`)).status).toBe(404);
    expect((await as('anna')('GET', '/api/workflows/a%00b')).status).toBe(404);
  });

  test.each([
    ['', 'workspaceId'],
    ['?workspaceId=', 'workspaceId'],
    ['?workspaceId=ws1&workspaceId=ws2', 'workspaceId'],
    ['?workspaceId=ws1&limit=0', 'limit'],
    ['?workspaceId=ws1&limit=100000', 'limit'],
    ['?workspaceId=ws1&limit=x', 'limit'],
    ['?workspaceId=ws1&cursor=x', 'cursor'],
    ['?workspaceId=ws1&cursor=WyJub3ciLCJ4Il0', 'cursor'],
  ])('a bad query names its field: %s', async (query, field) => {
    const answer = await as('anna')('GET', `/api/workflows${query}`);
    expect([answer.status, answer.json.details[0].path]).toEqual([400, [field]]);
  });
});

function nested(depth: number): object {
  let schema: object = {};
  for (let level = 0; level < depth; level++) schema = { not: schema };
  return schema;
}
