import { call, type MadeKey, Person } from '../person.js';
import { ADMIN_API_KEY, RunningPlatform } from '../running-platform.js';

export const GREETING = '{ "greeting": "Hello, " & (name ? name : "world") }';
export const FAULT_TEXT = 'The stars are wrong';

/** Where the clients' tests find a platform: gateways that run already, or one that they start themselves. */
interface Place {
  urls: string[];
  adminApiKey: string;
  dispose(): Promise<void>;
}

/**
 * `TOLLGATE_CLIENTS_URLS` is a comma list of gateways of one platform, `TOLLGATE_CLIENTS_ADMIN_KEY` its operator's key;
 * it must have `UPSTREAM_ALLOW=127.0.0.1`. Without it the built platform is started on its embedded default.
 */
async function findPlace(): Promise<Place> {
  const given = (process.env.TOLLGATE_CLIENTS_URLS ?? '').split(',').filter(Boolean);
  if (given.length > 0) {
    const adminApiKey = process.env.TOLLGATE_CLIENTS_ADMIN_KEY ?? ADMIN_API_KEY;
    return { urls: given.map((url) => url.replace(/\/+$/, '')), adminApiKey, dispose: () => Promise.resolve() };
  }
  const platform = await RunningPlatform.start({ UPSTREAM_ALLOW: '127.0.0.1' });
  return { urls: [platform.url], adminApiKey: ADMIN_API_KEY, dispose: () => platform.dispose() };
}

/** Somebody with a workspace, a deployed workflow that greets, and a personal key. */
export interface Newcomer {
  person: Person;
  workspaceId: string;
  workflowId: string;
  key: MadeKey;
}

/** What every client meets: people, workspaces, keys that work, keys that must not, and workflows of every fate. */
export class ClientWorld {
  private closed: Promise<Newcomer> | undefined;
  private poor: Promise<Newcomer> | undefined;

  private constructor(
    private readonly place: Place,
    readonly ada: Person,
    readonly workspaceId: string,
    /** `greeting` greets `name`; `echo` answers its input; `failing` fails in band; `draft` is not deployed. */
    readonly workflows: Record<'greeting' | 'echo' | 'failing' | 'draft', string>,
    readonly keys: Record<'personal' | 'workspace' | 'foreign' | 'outsider', string>,
  ) {}

  static async start(): Promise<ClientWorld> {
    const place = await findPlace();
    try {
      return await ClientWorld.fill(place);
    } catch (error) {
      await place.dispose();
      throw error;
    }
  }

  private static async fill(place: Place): Promise<ClientWorld> {
    const at = { url: place.urls[0] as string };
    const [ada, bob] = await Promise.all([Person.signUp(at, 'Ada'), Person.signUp(at, 'Bob')]);
    const workspaceId = await ada.workspace();
    const runner = { kind: 'expression', expression: '$' };
    const draft = await ada.ok('POST', '/api/workflows', { workspaceId, name: 'Draft', runner });
    const workflows = {
      greeting: await ada.workflow(workspaceId, GREETING, 'Greeting'),
      echo: await ada.workflow(workspaceId, '$', 'Echo'),
      failing: await ada.workflow(workspaceId, `$error("${FAULT_TEXT}")`, 'Failing'),
      draft: draft.workflow.id as string,
    };
    const keys = {
      personal: (await ada.personalKey()).key,
      workspace: (await ada.workspaceKey(workspaceId)).key,
      foreign: (await bob.workspaceKey(await bob.workspace('Elsewhere'))).key,
      outsider: (await bob.personalKey()).key,
    };
    return new ClientWorld(place, ada, workspaceId, workflows, keys);
  }

  /** Where people manage: the first gateway. */
  get managementUrl(): string {
    return this.place.urls[0] as string;
  }

  /** Where clients call: the last gateway, so that in a fleet each change was made on another one. */
  get url(): string {
    return this.place.urls.at(-1) as string;
  }

  /** A key's text that no platform issued. */
  get badKey(): string {
    return `sk-sim-${'x'.repeat(32)}`;
  }

  /** A deployed workflow of Ada's that is run by an upstream. */
  async workflowAt(url: string): Promise<string> {
    const body = { workspaceId: this.workspaceId, name: 'Upstream', runner: { kind: 'http', url } };
    const { workflow } = await this.ada.ok('POST', '/api/workflows', body);
    await this.ada.ok('POST', `/api/workflows/${workflow.id}/deploy`);
    return workflow.id as string;
  }

  /** Another person. */
  async newcomer(name = 'Eve'): Promise<Newcomer> {
    const person = await Person.signUp({ url: this.managementUrl }, name);
    const workspaceId = await person.workspace('Alcove');
    const workflowId = await person.workflow(workspaceId, GREETING, 'Greeting');
    return { person, workspaceId, workflowId, key: await person.personalKey() };
  }

  /** Somebody whose workspace has personal keys switched off. */
  behindClosedDoor(): Promise<Newcomer> {
    return (this.closed ??= this.makeClosed());
  }

  private async makeClosed(): Promise<Newcomer> {
    const newcomer = await this.newcomer('Carl');
    await newcomer.person.ok('PATCH', `/api/workspaces/${newcomer.workspaceId}`, { allowPersonalApiKeys: false });
    return newcomer;
  }

  /** Somebody who may spend nothing more. */
  broke(): Promise<Newcomer> {
    return (this.poor ??= this.makeBroke());
  }

  private async makeBroke(): Promise<Newcomer> {
    const newcomer = await this.newcomer('Dora');
    await this.operate('PUT', `/users/${newcomer.person.userId}/usage-limit`, { usd: '0' });
    return newcomer;
  }

  /** Somebody whose runs of this minute are used up: somebody new each time, since a minute goes by. */
  async hasty(): Promise<Newcomer> {
    const newcomer = await this.newcomer('Eric');
    const url = `${this.url}/api/workflows/${newcomer.workflowId}/execute`;
    for (let runs = 0; runs < 1_000; runs += 1) {
      const { status } = await call(url, 'POST', {}, { 'x-api-key': newcomer.key.key });
      if (status === 429) return newcomer;
    }
    throw new Error('1000 runs in a row met no rate limit');
  }

  async operate(method: string, path: string, body?: unknown): Promise<void> {
    const url = `${this.managementUrl}/api/v1/admin${path}`;
    const answer = await call(url, method, body, { 'x-admin-key': this.place.adminApiKey });
    if (answer.status !== 200) throw new Error(`${method} ${path}: ${answer.status} ${JSON.stringify(answer.body)}`);
  }

  dispose(): Promise<void> {
    return this.place.dispose();
  }
}
