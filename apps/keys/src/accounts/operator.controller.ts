import { Body, Controller, Get, HttpCode, Param, Post, Put, Query, Res } from '@nestjs/common';
import { CommandBus } from '@nestjs/cqrs';
import { AdminRoute } from '@tollgate/access';
import {
  changePlanBodySchema,
  changeUsageLimitBodySchema,
  createUserBodySchema,
  decimalToMicros,
  findUserQuerySchema,
  Problem,
} from '@tollgate/contracts';
import { check } from '@tollgate/service-kit';
import type { FastifyReply } from 'fastify';
import { KnownId } from '../known-id.js';
import { receiptAnswer } from '../receipts/receipt-answer.js';
import { ChangePlan } from './change-plan.js';
import { ChangeUsageLimit } from './change-usage-limit.js';
import { CreateAccount } from './create-account.js';
import { PersonBook } from './person-book.js';
import type { PersonChanged } from './person-change.js';
import { RegisterPerson } from './register-person.js';
import { ReinstatePerson } from './reinstate-person.js';
import { SuspendPerson } from './suspend-person.js';

const userNotFound = () => new Problem('notFound', { text: 'User not found' });

/** The operator's routes about people (contract A3, A6 "Operator bodies"). */
@Controller('api/v1/admin/users')
@AdminRoute()
export class OperatorController {
  constructor(
    private readonly commands: CommandBus,
    private readonly people: PersonBook,
  ) {}

  @Post()
  @HttpCode(200)
  async create(@Body() body: unknown) {
    const { name, email, password } = check(createUserBodySchema, body);
    const outcome = await this.commands.execute(new CreateAccount(name, email, password));
    if (outcome.outcome === 'emailTaken') {
      throw new Problem('conflict', { text: 'An account with this email already exists' });
    }
    return { success: true, user: outcome.user };
  }

  @Get()
  async find(@Query() query: unknown) {
    const { email } = check(findUserQuerySchema, query);
    const account = await this.people.accountOf(email);
    if (!account) throw userNotFound();
    await this.commands.execute(new RegisterPerson(account));
    const user = await this.people.view(account.userId);
    if (!user) throw userNotFound();
    return { success: true, user };
  }

  @Put(':id/plan')
  async changePlan(@Param('id', KnownId) userId: string, @Body() body: unknown) {
    const { plan } = check(changePlanBodySchema, body);
    return changedAnswer(await this.commands.execute(new ChangePlan(userId, plan)));
  }

  @Put(':id/usage-limit')
  async changeUsageLimit(@Param('id', KnownId) userId: string, @Body() body: unknown) {
    const { usd } = check(changeUsageLimitBodySchema, body);
    const limitMicros = usd === null ? null : (decimalToMicros(usd) as number);
    return changedAnswer(await this.commands.execute(new ChangeUsageLimit(userId, limitMicros)));
  }

  @Post(':id/suspend')
  @HttpCode(200)
  async suspend(@Param('id', KnownId) userId: string, @Res({ passthrough: true }) reply: FastifyReply) {
    const changed = await this.commands.execute(new SuspendPerson(userId));
    const answer = changedAnswer(changed);
    return changed?.confirmation ? receiptAnswer(reply, changed.confirmation, answer) : answer;
  }

  @Post(':id/unsuspend')
  @HttpCode(200)
  async reinstate(@Param('id', KnownId) userId: string) {
    return changedAnswer(await this.commands.execute(new ReinstatePerson(userId)));
  }
}

function changedAnswer(changed: PersonChanged | undefined) {
  if (!changed) throw userNotFound();
  return { success: true, user: changed.user };
}
