import { eventually } from './eventually.js';
import { freePort } from './free-port.js';
import { OwnRedis } from './own-redis.js';

const PRIMARIES = 3;
const SLOTS = 16_384;
const AT_ONCE = ['--repl-diskless-sync-delay', '0'];
const PATIENCE = { timeoutMs: 20_000, everyMs: 50 };

/** A real Redis Cluster of one spec: three primaries, and a replica of the one that has the slot of a key. */
export class OwnRedisCluster {
  private constructor(
    readonly primaries: readonly OwnRedis[],
    readonly replica: OwnRedis | undefined,
  ) {}

  /** Resolves when every node knows all others and takes commands. */
  static async start({ replicaFor }: { replicaFor?: string } = {}): Promise<OwnRedisCluster> {
    const busPorts = await Promise.all(Array.from({ length: PRIMARIES + (replicaFor ? 1 : 0) }, () => freePort()));
    const nodes = await Promise.all(
      busPorts.map((port) => OwnRedis.start('--cluster-enabled', 'yes', '--cluster-port', `${port}`, ...AT_ONCE)),
    );
    const cluster = new OwnRedisCluster(nodes.slice(0, PRIMARIES), nodes[PRIMARIES]);
    try {
      await cluster.join(busPorts);
      if (replicaFor && cluster.replica) await cluster.replicate(replicaFor, cluster.replica);
      return cluster;
    } catch (error) {
      await cluster.dispose();
      throw error;
    }
  }

  /** All primaries, as `REDIS_URL` takes them. */
  get url(): string {
    return this.primaries.map(({ url }) => url).join(',');
  }

  /** The node that has the slot of this key now. */
  async nodeOf(key: string): Promise<OwnRedis> {
    for (const node of this.nodes) {
      if (!/^-MOVED/.test(await node.ask(`TYPE ${key}`))) return node;
    }
    throw new Error(`nobody has the slot of ${key}`);
  }

  /** Sends one command by hand to whoever has the slot of the key. */
  async ask(key: string, command: string): Promise<string> {
    return (await this.nodeOf(key)).ask(command);
  }

  /** Makes the replica a primary in the place of its own, at once and whatever the others say. */
  async takeOver(): Promise<void> {
    await expectOk(this.replica!, 'CLUSTER FAILOVER TAKEOVER');
  }

  /** Moves the slot of a key, with what is in it, to another primary. */
  async moveSlotOf(key: string): Promise<void> {
    const from = await this.nodeOf(key);
    const to = this.primaries.find((node) => node !== from)!;
    const slot = (await from.ask(`CLUSTER KEYSLOT ${key}`)).slice(1);
    const [fromId, toId] = [await idOf(from), await idOf(to)];
    await expectOk(to, `CLUSTER SETSLOT ${slot} IMPORTING ${fromId}`);
    await expectOk(from, `CLUSTER SETSLOT ${slot} MIGRATING ${toId}`);
    const keys = (await from.ask(`CLUSTER GETKEYSINSLOT ${slot} 100`))
      .split('\r\n')
      .filter((line) => /^[^*$]/.test(line));
    await expectOk(from, `MIGRATE 127.0.0.1 ${to.port} "" 0 5000 KEYS ${keys.join(' ')}`);
    for (const node of [to, from]) await expectOk(node, `CLUSTER SETSLOT ${slot} NODE ${toId}`);
  }

  async dispose(): Promise<void> {
    await Promise.all(this.nodes.map((node) => node.dispose()));
  }

  private get nodes(): OwnRedis[] {
    return [...this.primaries, ...(this.replica ? [this.replica] : [])];
  }

  private async join(busPorts: readonly number[]): Promise<void> {
    const [first, ...others] = this.nodes as [OwnRedis, ...OwnRedis[]];
    for (const [nth, primary] of this.primaries.entries()) {
      const [from, next] = [nth, nth + 1].map((part) => Math.floor((part * SLOTS) / PRIMARIES)) as [number, number];
      await expectOk(primary, `CLUSTER ADDSLOTSRANGE ${from} ${next - 1}`);
      await expectOk(primary, `CLUSTER SET-CONFIG-EPOCH ${nth + 1}`);
    }
    for (const [nth, node] of others.entries()) {
      await expectOk(first, `CLUSTER MEET 127.0.0.1 ${node.port} ${busPorts[nth + 1]}`);
    }
    const { nodes } = this;
    await Promise.all(nodes.map((node) => eventually(() => expectWhole(node, nodes.length), PATIENCE)));
  }

  private async replicate(key: string, replica: OwnRedis): Promise<void> {
    const primary = await this.nodeOf(key);
    await expectOk(replica, `CLUSTER REPLICATE ${await idOf(primary)}`);
    await eventually(async () => {
      if (!(await primary.ask('INFO replication')).includes('state=online')) throw new Error('no replica yet');
    }, PATIENCE);
  }
}

async function idOf(node: OwnRedis): Promise<string> {
  return (await node.ask('CLUSTER MYID')).split('\r\n')[1] ?? '';
}

async function expectWhole(node: OwnRedis, nodes: number): Promise<void> {
  const info = await node.ask('CLUSTER INFO');
  const whole = ['cluster_state:ok', `cluster_slots_ok:${SLOTS}`, `cluster_known_nodes:${nodes}`];
  for (const line of whole) if (!info.includes(line)) throw new Error(`the cluster is not whole:\n${info}`);
}

async function expectOk(node: OwnRedis, command: string): Promise<void> {
  const answer = await node.ask(command);
  if (answer !== '+OK') throw new Error(`${command}: ${answer}`);
}
