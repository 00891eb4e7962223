import { Body, Controller, Header, HttpCode, Post, Req } from '@nestjs/common';
import { CommandBus } from '@nestjs/cqrs';
import { CurrentUser, PublicRoute, SessionRoute, type SignedIn } from '@tollgate/access';
import {
  type ApprovePairingBody,
  approvePairingBodySchema,
  KEYS_PER_OWNER_MAX,
  PAIRINGS_WAITING_MAX,
  type PolledPairing,
  pollPairingBodySchema,
  Problem,
  type ProblemKind,
} from '@tollgate/contracts';
import { check, Checked } from '@tollgate/service-kit';
import type { FastifyRequest } from 'fastify';
import { SignInLimits } from '../accounts/sign-in-limits.js';
import { ApprovePairing, type ApproveOutcome } from './approve-pairing.js';
import { CollectPairing, type CollectOutcome } from './collect-pairing.js';

const APPROVAL_REFUSALS: Record<Exclude<ApproveOutcome['outcome'], 'approved'>, [ProblemKind, string?]> = {
  decidedBefore: ['conflict', 'This login request was decided before'],
  workspaceNotFound: ['notFound', 'Workspace not found'],
  forbidden: ['forbidden'],
  tooManyWaiting: ['conflict', `At most ${PAIRINGS_WAITING_MAX} approved logins can wait to be collected at a time`],
};

/** 409, 429 and 5xx would keep the CLI polling (contract B8): what waiting does not help is 403 or 404. */
const POLL_REFUSALS: Record<Exclude<CollectOutcome['outcome'], 'complete' | 'pending'>, [ProblemKind, string]> = {
  wrongVerifier: ['forbidden', 'The verifier does not belong to this login request'],
  collected: ['notFound', 'This login request was used before. Please log in again.'],
  expired: ['notFound', 'This login request has expired. Please log in again.'],
  forbidden: ['forbidden', 'Whoever approved this login may not create such a key any more'],
  tooManyKeys: ['forbidden', `At most ${KEYS_PER_OWNER_MAX} API keys can exist at a time`],
};

/** How a command line obtains a key (contract B8): it polls, while a person who is signed in approves. */
@Controller('api/cli/auth')
export class PairingController {
  constructor(
    private readonly commands: CommandBus,
    private readonly limits: SignInLimits,
  ) {}

  @Post('poll')
  @HttpCode(200)
  @Header('cache-control', 'no-store')
  @PublicRoute()
  async poll(@Req() { ip }: FastifyRequest, @Body() body: unknown): Promise<PolledPairing> {
    this.limits.countTry(`cli ${ip}`);
    const { request, verifier } = check(pollPairingBodySchema, body);
    const polled = await this.commands.execute(new CollectPairing(request, verifier));
    if (polled.outcome === 'pending') return { status: 'pending' };
    if (polled.outcome !== 'complete') throw refused(POLL_REFUSALS[polled.outcome]);
    const { key, workspaceId, isBound } = polled;
    return {
      status: 'complete',
      key: { id: key.id, apiKey: key.key },
      scope: 'platform',
      workspaceId,
      workspaceBound: isBound,
    };
  }

  @Post('approve')
  @HttpCode(200)
  @SessionRoute()
  async approve(
    @CurrentUser() { userId }: SignedIn,
    @Body(new Checked(approvePairingBodySchema)) body: ApprovePairingBody,
  ): Promise<{ ok: true }> {
    const { outcome } = await this.commands.execute(new ApprovePairing(userId, body));
    if (outcome !== 'approved') throw refused(APPROVAL_REFUSALS[outcome]);
    return { ok: true };
  }
}

function refused([kind, text]: [ProblemKind, string?]): Problem {
  return new Problem(kind, text === undefined ? {} : { text });
}
