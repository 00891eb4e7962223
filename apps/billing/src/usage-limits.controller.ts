import { Controller, Get, Req } from '@nestjs/common';
import { type GuardedRequest, keyProblem } from '@tollgate/access';
import { Problem, type UsageLimits } from '@tollgate/contracts';
import { Clock } from '@tollgate/service-kit';
import { KeyOrSessionRoute } from './key-or-session.guard.js';
import { type UsageLimitsAnswer, UsageLimitsReader } from './usage-limits.js';

/** What the caller may still use (contract B4); reading it takes no token. */
@Controller('api/users/me/usage-limits')
export class UsageLimitsController {
  constructor(
    private readonly reader: UsageLimitsReader,
    private readonly clock: Clock,
  ) {}

  @Get()
  @KeyOrSessionRoute()
  async limits(@Req() request: GuardedRequest): Promise<UsageLimits> {
    const answer = await this.find(request);
    switch (answer.outcome) {
      case 'found':
        return answer.limits;
      case 'suspended':
        throw new Problem('suspended');
      case 'unknown':
        throw keyProblem({ kind: 'invalid' }, 'usageLimits');
    }
  }

  private find({ caller, signedIn }: GuardedRequest): Promise<UsageLimitsAnswer> {
    const nowMs = this.clock.nowMs();
    if (caller) return this.reader.ofKey(caller, nowMs);
    if (signedIn) return this.reader.ofPerson(signedIn.userId, nowMs);
    throw new Error('The guard let nobody in');
  }
}
