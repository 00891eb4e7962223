import { ApiDocument, Clock, HostedServices, loadConfig, openApiOf } from '@tollgate/service-kit';
import { Lines } from '../../test/http-runner-under-test.js';
import { Owner } from '../../test/owner.js';
import { gateway } from '../index.js';
import { FleetDocument } from './fleet-document.js';

class HandTurned extends Clock {
  ms = 0;
  override nowMs(): number {
    return this.ms;
  }
}

const OWN = openApiOf(gateway.routes, 'http://gateway.example');

describe('the document of a gateway alone', () => {
  let billing: Owner;
  let logs: Owner;
  let asked: (string | undefined)[];
  let document: ApiDocument;
  let fleet: FleetDocument;
  const clock = new HandTurned();

  beforeEach(async () => {
    asked = [];
    [billing, logs] = [await Owner.start(), await Owner.start()];
    billing.handle = (request, response) => {
      asked.push(request.url);
      const own = { get: { summary: 'of billing' } };
      const paths = { '/health/ready': own, '/internal/x': own, '/api/logs': own, '/api/billing/reports': own };
      response.end(JSON.stringify({ paths }));
    };
    document = new ApiDocument();
    const config = loadConfig({ BILLING_URL: billing.url, LOGS_URL: logs.url });
    fleet = new FleetDocument(document, config, new HostedServices([gateway]), clock, new Lines());
    fleet.onModuleInit();
  });
  afterEach(async () => {
    await fleet.onApplicationShutdown();
    await billing.stop();
    await logs.stop();
  });

  test('has what its services own, of each only that, and names the one that has said nothing, in bounded time', async () => {
    logs.handle = () => undefined; // It takes the request and says nothing.
    const whole = await document.whole(OWN);

    const own = Object.keys(OWN.paths).filter((path) => !path.startsWith('/internal/'));
    expect(own.length).toBeLessThan(Object.keys(OWN.paths).length);
    expect(Object.keys(whole.paths)).toEqual(['/api/billing/reports', ...own]);
    expect(whole.paths['/api/billing/reports']).toEqual({ get: { summary: 'of billing' } });
    expect(whole['x-incomplete']).toEqual(['logs']);
    expect(whole.info.description).toMatch(/\*\*Incomplete:\*\* the routes of logs are missing here/);
    expect(OWN.info.description).not.toContain('Incomplete');
  });

  test('keeps for five seconds what was said, and what a service said last while it is silent', async () => {
    logs.handle = (_request, response) => response.writeHead(200).end('{"paths":{"/api/v1/logs":{}}}');
    await Promise.all([document.whole(OWN), document.whole(OWN)]);
    clock.ms += 4_999;
    const complete = await document.whole(OWN);
    expect(asked).toEqual(['/openapi.json']);
    expect(complete).not.toHaveProperty('x-incomplete');

    for (const fault of [503, 200]) {
      clock.ms += 5_000;
      logs.handle = (_request, response) => response.writeHead(fault).end('not a document');
      expect(await document.whole(OWN)).toEqual(complete);
    }
    expect(asked).toHaveLength(3);
  });

  test('is its own alone where all services are in its process', async () => {
    const alone = new ApiDocument();
    const config = loadConfig({ BILLING_URL: billing.url });
    const hosted = new HostedServices([gateway, { ...gateway, name: 'billing' }]);
    const embedded = new FleetDocument(alone, config, hosted, clock, new Lines());
    embedded.onModuleInit();
    expect(await alone.whole(OWN)).toEqual(OWN);
    expect(asked).toEqual([]);
    await embedded.onApplicationShutdown();
  });
});
