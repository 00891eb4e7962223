import { billing } from '@tollgate/billing';
import { gateway, ownerOf } from '@tollgate/gateway';
import { keys } from '@tollgate/keys';
import { logs } from '@tollgate/logs';

describe('what a gateway passes on', () => {
  const pathsOf = (service: typeof keys) => [...new Set(service.routes.map(({ path }) => path))];

  test.each([keys, billing, logs].map((service) => [service.name, service] as const))(
    'is every route of %s, each to its owner, but for what services ask each other',
    (name, service) => {
      for (const path of pathsOf(service)) {
        expect([path, ownerOf(path)]).toEqual([path, path.startsWith('/internal/') ? undefined : name]);
      }
    },
  );

  test('is none of its own, and nothing that is not for clients', () => {
    for (const path of pathsOf(gateway)) expect([path, ownerOf(path)]).toEqual([path, undefined]);
    for (const path of ['/internal/directory', '/health/ready', '/metrics', '/api/authors']) {
      expect(ownerOf(path)).toBeUndefined();
    }
  });
});
