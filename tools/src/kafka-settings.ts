import { freePort } from '@tollgate/testing';

export interface KafkaPorts {
  port: number;
  controllerPort: number;
  /** Of the listener with TLS and SASL, where there is one. */
  securedPort?: number;
}

/** Who may speak on the listener with TLS and SASL: by PLAIN, SCRAM-SHA-256 and SCRAM-SHA-512 alike. */
export interface KafkaSecurity {
  /** A PEM file with the private key and, after it, its certificate. */
  certificateFile: string;
  users: readonly { username: string; password: string }[];
}

const MECHANISMS = ['PLAIN', 'SCRAM-SHA-256', 'SCRAM-SHA-512'];

/** Settings of a single node that is broker and controller, on the loopback address only. */
export function serverProperties(ports: KafkaPorts, logDir: string, security?: KafkaSecurity): string {
  const { port, controllerPort } = ports;
  const settings: Record<string, string | number | boolean> = {
    'process.roles': 'broker,controller',
    'node.id': 1,
    'controller.quorum.voters': `1@127.0.0.1:${controllerPort}`,
    listeners: `PLAINTEXT://127.0.0.1:${port},CONTROLLER://127.0.0.1:${controllerPort}`,
    'advertised.listeners': `PLAINTEXT://127.0.0.1:${port}`,
    'listener.security.protocol.map': 'PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT',
    'controller.listener.names': 'CONTROLLER',
    'inter.broker.listener.name': 'PLAINTEXT',
    'log.dirs': logDir,
    'auto.create.topics.enable': false,
    'offsets.topic.replication.factor': 1,
    'offsets.topic.num.partitions': 4,
    'transaction.state.log.replication.factor': 1,
    'transaction.state.log.min.isr': 1,
    'transaction.state.log.num.partitions': 4,
    'share.coordinator.state.topic.replication.factor': 1,
    'share.coordinator.state.topic.min.isr': 1,
    // A broker that was killed may come back only when its last session is over; nine seconds by default.
    'broker.session.timeout.ms': 4000,
    'broker.heartbeat.interval.ms': 1000,
    // Members come one by one here; waiting for more of them only delays the first.
    'group.initial.rebalance.delay.ms': 0,
    // Nothing of ours is compacted; the default would take 128 MB of the heap.
    'log.cleaner.dedupe.buffer.size': 8 * 1024 * 1024,
  };
  if (security) secure(settings, ports.securedPort as number, security);
  return Object.entries(settings)
    .map(([name, value]) => `${name}=${value}\n`)
    .join('');
}

/** Adds a listener with TLS and SASL beside the plain one, which the broker keeps for itself. */
function secure(settings: Record<string, string | number | boolean>, port: number, of: KafkaSecurity): void {
  settings.listeners += `,SECURED://127.0.0.1:${port}`;
  settings['advertised.listeners'] += `,SECURED://127.0.0.1:${port}`;
  settings['listener.security.protocol.map'] += ',SECURED:SASL_SSL';
  settings['ssl.keystore.type'] = 'PEM';
  settings['ssl.keystore.location'] = of.certificateFile;
  settings['sasl.enabled.mechanisms'] = MECHANISMS.join(',');
  const users = of.users.map(({ username, password }) => ` user_${username}="${password}"`).join('');
  const modules = 'org.apache.kafka.common.security';
  settings['listener.name.secured.plain.sasl.jaas.config'] = `${modules}.plain.PlainLoginModule required${users};`;
  for (const mechanism of MECHANISMS.slice(1)) {
    settings[`listener.name.secured.${mechanism.toLowerCase()}.sasl.jaas.config`] =
      `${modules}.scram.ScramLoginModule required;`;
  }
}

/** What the format of a data folder is told of the users, who are part of the cluster's own metadata. */
export function scramUsers({ users }: KafkaSecurity): string[] {
  return MECHANISMS.slice(1).flatMap((mechanism) =>
    users.flatMap(({ username, password }) => ['--add-scram', `${mechanism}=[name=${username},password=${password}]`]),
  );
}

/** Warnings and faults, into one file of bounded size. */
export function loggingProperties(file: string): string {
  return `status=error
appender.file.type=RollingFile
appender.file.name=file
appender.file.fileName=${file}
appender.file.filePattern=${file}.%i
appender.file.layout.type=PatternLayout
appender.file.layout.pattern=%d{ISO8601} %p %c{1}: %m%n
appender.file.policies.type=Policies
appender.file.policies.size.type=SizeBasedTriggeringPolicy
appender.file.policies.size.size=10MB
appender.file.strategy.type=DefaultRolloverStrategy
appender.file.strategy.max=2
rootLogger.level=warn
rootLogger.appenderRef.file.ref=file
`;
}

/** Ports that are free now; `wanted` is taken when it is given. */
export async function choosePorts(wanted?: number): Promise<Required<KafkaPorts>> {
  const [port, controllerPort, securedPort] = await Promise.all([wanted ?? freePort(), freePort(), freePort()]);
  return { port, controllerPort, securedPort };
}
