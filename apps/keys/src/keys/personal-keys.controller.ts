import { Body, Controller, Delete, Get, Header, HttpCode, Param, Post, Query, Res } from '@nestjs/common';
import { CommandBus } from '@nestjs/cqrs';
import { CurrentUser, SessionRoute, type SignedIn } from '@tollgate/access';
import { createPersonalKeyBodySchema, keysQuerySchema, type PersonalKeyView } from '@tollgate/contracts';
import { check } from '@tollgate/service-kit';
import type { FastifyReply } from 'fastify';
import { KnownId } from '../known-id.js';
import { IssueKey } from './issue-key.js';
import { KeyBook, type KeyPage } from './key-book.js';
import { createdAnswer, issuedOrRefuse, keyNotFound, orFailWith } from './key-refusals.js';
import { receiptAnswer } from '../receipts/receipt-answer.js';
import { RevokeKeys } from './revoke-keys.js';

/** A person's own keys (contract B1.1). */
@Controller('api/users/me/api-keys')
@SessionRoute()
export class PersonalKeysController {
  constructor(
    private readonly commands: CommandBus,
    private readonly keys: KeyBook,
  ) {}

  @Get()
  async list(@CurrentUser() { userId }: SignedIn, @Query() query: unknown): Promise<KeyPage<PersonalKeyView>> {
    const page = check(keysQuerySchema, query);
    return orFailWith('Failed to fetch API keys', () => this.keys.ofPerson(userId, page));
  }

  @Post()
  @HttpCode(200)
  @Header('cache-control', 'no-store')
  async create(@CurrentUser() { userId }: SignedIn, @Body() body: unknown) {
    const { name, expiresAt } = check(createPersonalKeyBodySchema, body);
    const owner = { kind: 'personal', ownerId: userId } as const;
    const outcome = await this.commands.execute(new IssueKey(userId, owner, name, expiresAt ?? null));
    return createdAnswer(issuedOrRefuse(outcome, 'personal', name));
  }

  @Delete(':id')
  async revoke(
    @CurrentUser() { userId }: SignedIn,
    @Param('id', KnownId) keyId: string,
    @Res({ passthrough: true }) reply: FastifyReply,
  ) {
    const revocation = new RevokeKeys(userId, { kind: 'personal', ownerId: userId }, [keyId]);
    const outcome = await orFailWith('Failed to delete API key', () => this.commands.execute(revocation));
    if (outcome.outcome !== 'revoked') throw keyNotFound();
    return receiptAnswer(reply, outcome.confirmation, { success: true });
  }
}
