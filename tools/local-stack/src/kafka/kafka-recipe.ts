import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { ClassArchive } from '../maven/class-archive.js';
import { readPinnedPom, resolveClassPath } from '../maven/class-path.js';
import { findJava } from '../maven/java.js';
import { jvmFlags } from '../maven/jvm-flags.js';
import { runCommand } from '../process/run-command.js';
import type { Launch, ServerContext, ServerRecipe } from '../process/server-recipe.js';
import { repositoryRoot } from '../repository-root.js';
import { kafkaProperties } from './kafka-settings.js';

export interface KafkaRecipeOptions extends ServerContext {
  controllerPort: number;
}

const logging = `-Dlog4j2.configurationFile=${path.join(repositoryRoot, 'deploy', 'local', 'kafka', 'log4j2.yaml')}`;

/** Apache Kafka in KRaft mode, a single broker, from the jars that deploy/local/kafka/pom.xml pins. */
export class KafkaRecipe implements ServerRecipe {
  readonly service = 'kafka';
  readonly stopSignal = 'SIGTERM';
  readonly port: number;
  private archive: ClassArchive | undefined;

  constructor(private readonly options: KafkaRecipeOptions) {
    this.port = options.port;
  }

  get brokers(): string {
    return `127.0.0.1:${this.port}`;
  }

  async prepare(): Promise<Launch> {
    const { config, folder, port, controllerPort } = this.options;
    const [java, pom, classPath] = await Promise.all([
      findJava(config, 'kafka'),
      readPinnedPom(config, 'kafka'),
      resolveClassPath(this.options, 'kafka'),
    ]);
    this.archive = new ClassArchive(pom.cacheFolder, java, classPath);

    const dataFolder = path.join(folder, 'data');
    const properties = path.join(folder, 'server.properties');
    await mkdir(folder, { recursive: true });
    await writeFile(properties, kafkaProperties({ port, controllerPort, dataFolder }));
    const base = [...jvmFlags(512), logging, '-cp', classPath];
    if (!existsSync(path.join(dataFolder, 'meta.properties'))) {
      await rm(dataFolder, { recursive: true, force: true }); // a format that was cut short
      const format = [
        'kafka.tools.StorageTool',
        'format',
        '--cluster-id',
        newClusterId(),
        '--config',
        properties,
      ];
      await runCommand(java.file, [...this.archive.useFlags(), ...base, ...format], {
        environment: config.environment,
        timeoutMs: 60_000,
      });
    }
    return {
      file: java.file,
      args: [...this.archive.flags(), ...base, 'kafka.Kafka', properties],
      environment: config.environment,
      cwd: folder,
    };
  }

  /** The port is open well before the broker serves; this line comes when it is registered and unfenced. */
  async isReady(log: () => Promise<string>): Promise<boolean> {
    return (await log()).includes('Kafka Server started');
  }

  async stopped(): Promise<void> {
    await this.archive?.keep();
  }
}

/** 16 random bytes as Kafka writes them; no leading dash, which its tool would take for an option. */
function newClusterId(): string {
  return randomBytes(16).toString('base64url').replace(/^-/, 'A');
}
