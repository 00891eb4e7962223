import { Global, Module } from '@nestjs/common';
import { Sessions } from '@tollgate/access';
import { Accounts } from './accounts/accounts.js';
import { AccountsRoutes } from './accounts/accounts-routes.js';
import { ChangePlanHandler } from './accounts/change-plan.js';
import { ChangeUsageLimitHandler } from './accounts/change-usage-limit.js';
import { CreateAccountHandler } from './accounts/create-account.js';
import { LocalSessions } from './accounts/local-sessions.js';
import { OperatorController } from './accounts/operator.controller.js';
import { PersonBook } from './accounts/person-book.js';
import { PersonChange } from './accounts/person-change.js';
import { ProviderRoutes } from './accounts/provider-routes.js';
import { RegisterPersonHandler } from './accounts/register-person.js';
import { RegistrationSweep } from './accounts/registration-sweep.js';
import { ReinstatePersonHandler } from './accounts/reinstate-person.js';
import { SignInLimits } from './accounts/sign-in-limits.js';
import { SuspendPersonHandler } from './accounts/suspend-person.js';
import { keysDatabase } from './keys-database.js';
import { IssueKeyHandler } from './keys/issue-key.js';
import { KeyBook } from './keys/key-book.js';
import { KeyMint } from './keys/key-mint.js';
import { KeyUseFeed } from './keys/key-use.feed.js';
import { PersonalKeysController } from './keys/personal-keys.controller.js';
import { RenameKeyHandler } from './keys/rename-key.js';
import { RevokeKeysHandler } from './keys/revoke-keys.js';
import { RotateKeySecretsHandler } from './keys/rotate-key-secrets.js';
import { KeySecretsController } from './keys/key-secrets.controller.js';
import { WorkspaceKeysController } from './keys/workspace-keys.controller.js';
import { ApprovePairingHandler } from './pairing/approve-pairing.js';
import { CollectPairingHandler } from './pairing/collect-pairing.js';
import { PairingBook } from './pairing/pairing-book.js';
import { PairingController } from './pairing/pairing.controller.js';
import { GatewaysController } from './receipts/gateways.controller.js';
import { ReceiptBook } from './receipts/receipt-book.js';
import { ReceiptsController } from './receipts/receipts.controller.js';
import { AcceptInvitationHandler } from './workspaces/accept-invitation.js';
import { AddMemberHandler } from './workspaces/add-member.js';
import { CancelInvitationHandler } from './workspaces/cancel-invitation.js';
import { ChangeRolesHandler } from './workspaces/change-roles.js';
import { ChangeWorkspaceHandler } from './workspaces/change-workspace.js';
import { CreateWorkspaceHandler } from './workspaces/create-workspace.js';
import { InvitationBook } from './workspaces/invitation-book.js';
import { InvitationsController } from './workspaces/invitations.controller.js';
import { InviteMemberHandler } from './workspaces/invite-member.js';
import { MembersController } from './workspaces/members.controller.js';
import { RemoveMemberHandler } from './workspaces/remove-member.js';
import { V2WorkspaceBook } from './workspaces/v2-workspace-book.js';
import { V2WorkspacesController } from './workspaces/v2-workspaces.controller.js';
import { WorkspaceBook } from './workspaces/workspace-book.js';
import { WorkspaceChange } from './workspaces/workspace-change.js';
import { WorkspacesController } from './workspaces/workspaces.controller.js';

/** Accounts, workspaces, members and keys. Global for `Sessions` alone: their truth is here. */
@Global()
@Module({
  controllers: [
    OperatorController,
    GatewaysController,
    WorkspacesController,
    V2WorkspacesController,
    MembersController,
    InvitationsController,
    PersonalKeysController,
    WorkspaceKeysController,
    PairingController,
    ReceiptsController,
    KeySecretsController,
  ],
  providers: [
    keysDatabase,
    Accounts,
    AccountsRoutes,
    ProviderRoutes,
    SignInLimits,
    ReceiptBook,
    PersonBook,
    PersonChange,
    RegistrationSweep,
    RegisterPersonHandler,
    CreateAccountHandler,
    ChangePlanHandler,
    ChangeUsageLimitHandler,
    SuspendPersonHandler,
    ReinstatePersonHandler,
    WorkspaceBook,
    V2WorkspaceBook,
    WorkspaceChange,
    InvitationBook,
    CreateWorkspaceHandler,
    ChangeWorkspaceHandler,
    AddMemberHandler,
    InviteMemberHandler,
    ChangeRolesHandler,
    RemoveMemberHandler,
    AcceptInvitationHandler,
    CancelInvitationHandler,
    KeyBook,
    KeyUseFeed,
    KeyMint,
    PairingBook,
    ApprovePairingHandler,
    CollectPairingHandler,
    IssueKeyHandler,
    RenameKeyHandler,
    RevokeKeysHandler,
    RotateKeySecretsHandler,
    { provide: Sessions, useClass: LocalSessions },
  ],
  exports: [Sessions],
})
export class KeysModule {}
