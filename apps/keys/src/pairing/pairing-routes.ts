import {
  approvedPairingSchema,
  approvePairingBodySchema,
  defineRoutes,
  polledPairingSchema,
  pollPairingBodySchema,
} from '@tollgate/contracts';

/** How a command line obtains a key (contract B8). */
export const pairingRoutes = defineRoutes([
  {
    method: 'POST',
    path: '/api/cli/auth/poll',
    tag: 'Command line',
    summary: 'Ask whether a login was approved; the answer that says so holds the key, once',
    auth: 'none',
    body: pollPairingBodySchema,
    answers: { 200: polledPairingSchema },
    refusals: [400, 403, 404, 429],
  },
  {
    method: 'POST',
    path: '/api/cli/auth/approve',
    tag: 'Command line',
    summary: 'Approve the login of a command line, which then obtains a key',
    auth: 'session',
    body: approvePairingBodySchema,
    answers: { 200: approvedPairingSchema },
    refusals: [400, 403, 404, 409],
  },
]);
