import { execFile } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { delimiter, join } from 'node:path';
import { promisify } from 'node:util';

export const KAFKA_VERSION = '4.3.1';
const LOGGING_VERSION = '2.25.4';
const DEPENDENCY_PLUGIN = 'org.apache.maven.plugins:maven-dependency-plugin:3.8.1:copy-dependencies';
const JAVA_MAJOR_MIN = 17;
const INSTALL_TIMEOUT_MS = 300_000;
const JAVA_TIMEOUT_MS = 20_000;

const POM = `<project xmlns="http://maven.apache.org/POM/4.0.0">
  <modelVersion>4.0.0</modelVersion>
  <groupId>tollgate</groupId><artifactId>kafka</artifactId><version>1</version><packaging>pom</packaging>
  <dependencies>
    <dependency>
      <groupId>org.apache.kafka</groupId><artifactId>kafka_2.13</artifactId><version>${KAFKA_VERSION}</version>
    </dependency>
    <dependency>
      <groupId>org.apache.logging.log4j</groupId><artifactId>log4j-slf4j-impl</artifactId><version>${LOGGING_VERSION}</version>
    </dependency>
  </dependencies>
</project>
`;

const run = promisify(execFile);

export interface InstalledKafka {
  java: string;
  classPath: string;
}

/**
 * Apache Kafka's own jars, from Maven Central by the `mvn` on the path and by its settings, kept in `cacheDir` (default
 * `~/.cache/tollgate/kafka-<version>`). Rejects with the command to run when Java or Maven is missing.
 */
export async function installKafka(cacheDir?: string): Promise<InstalledKafka> {
  const dir = cacheDir ?? join(homedir(), '.cache', 'tollgate', `kafka-${KAFKA_VERSION}`);
  const java = await javaCommand();
  const jars = join(dir, 'jars');
  if (!existsSync(jars)) await copyJars(dir, jars);
  const names = readdirSync(jars).filter((name) => name.endsWith('.jar'));
  return { java, classPath: names.map((name) => join(jars, name)).join(delimiter) };
}

async function javaCommand(): Promise<string> {
  const java = process.env.JAVA_HOME ? join(process.env.JAVA_HOME, 'bin', 'java') : 'java';
  const install = 'Install it: apt-get install -y openjdk-17-jre-headless';
  const { stderr } = await run(java, ['-version'], { timeout: JAVA_TIMEOUT_MS, env: process.env }).catch(
    (cause: Error) => {
      throw new Error(`Kafka needs Java ${JAVA_MAJOR_MIN} or newer, and ${java} does not start. ${install}`, { cause });
    },
  );
  const version = /version "(\d+)/.exec(stderr)?.[1] ?? '0';
  if (Number(version) < JAVA_MAJOR_MIN) {
    throw new Error(`Kafka needs Java ${JAVA_MAJOR_MIN} or newer; ${java} is Java ${version}. ${install}`);
  }
  return java;
}

/** Into a folder beside it first, so that an install that was cut off is not taken for a whole one. */
async function copyJars(dir: string, jars: string): Promise<void> {
  const partial = `${jars}.${process.pid}`;
  mkdirSync(partial, { recursive: true });
  writeFileSync(join(dir, 'pom.xml'), POM);
  const options = ['-B', '-q', '-f', join(dir, 'pom.xml'), DEPENDENCY_PLUGIN];
  try {
    await run('mvn', [...options, `-DoutputDirectory=${partial}`, '-DincludeScope=runtime'], {
      timeout: INSTALL_TIMEOUT_MS,
      maxBuffer: 16 * 1024 * 1024,
      env: process.env,
    });
    renameSync(partial, jars);
  } catch (error) {
    if (existsSync(jars)) return; // Another process was quicker.
    const { code, stdout = '', stderr = '', message } = error as Error & Record<'code' | 'stdout' | 'stderr', string>;
    if (code === 'ENOENT') {
      throw new Error('Kafka’s jars come through Maven, and there is no mvn. Install it: apt-get install -y maven', {
        cause: error,
      });
    }
    const told = `${stdout}${stderr}`.trim().split('\n').slice(0, 5).join('\n') || message;
    throw new Error(`Maven could not bring Kafka ${KAFKA_VERSION}:\n${told}`, { cause: error });
  } finally {
    rmSync(partial, { recursive: true, force: true });
  }
}
