import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * The tables of better-auth 1.7 as its own schema builder writes them (`compileMigrations`), so that a start needs no
 * command of its own. A version that changes them needs a migration here.
 */
export class Accounts1763971200000 implements MigrationInterface {
  name = 'Accounts1763971200000';

  async up(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`
      create table "user" ("id" text not null primary key, "name" text not null, "email" text not null unique,
        "emailVerified" boolean not null, "image" text, "createdAt" timestamptz default CURRENT_TIMESTAMP not null,
        "updatedAt" timestamptz default CURRENT_TIMESTAMP not null);
      create table "session" ("id" text not null primary key, "expiresAt" timestamptz not null,
        "token" text not null unique, "createdAt" timestamptz default CURRENT_TIMESTAMP not null,
        "updatedAt" timestamptz not null, "ipAddress" text, "userAgent" text,
        "userId" text not null references "user" ("id") on delete cascade);
      create table "account" ("id" text not null primary key, "accountId" text not null, "providerId" text not null,
        "userId" text not null references "user" ("id") on delete cascade, "accessToken" text, "refreshToken" text,
        "idToken" text, "accessTokenExpiresAt" timestamptz, "refreshTokenExpiresAt" timestamptz, "scope" text,
        "password" text, "createdAt" timestamptz default CURRENT_TIMESTAMP not null, "updatedAt" timestamptz not null);
      create table "verification" ("id" text not null primary key, "identifier" text not null, "value" text not null,
        "expiresAt" timestamptz not null, "createdAt" timestamptz default CURRENT_TIMESTAMP not null,
        "updatedAt" timestamptz default CURRENT_TIMESTAMP not null);
      create index "session_userId_idx" on "session" ("userId");
      create index "account_userId_idx" on "account" ("userId");
      create index "verification_identifier_idx" on "verification" ("identifier");
    `);
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query('drop table "verification", "account", "session", "user"');
  }
}
