import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { ClassArchive } from '../maven/class-archive.js';
import { readPinnedPom, resolveClassPath } from '../maven/class-path.js';
import { findJava } from '../maven/java.js';
import { jvmFlags } from '../maven/jvm-flags.js';
import type { Launch, ServerContext, ServerRecipe } from '../process/server-recipe.js';
import { repositoryRoot } from '../repository-root.js';
import type { S3Address } from '../stack/stack-addresses.js';

/** Known to all: the server listens on loopback only. */
const accessKeyId = 'baton';
const secretAccessKey = 'baton-local-secret';
const bucket = 'baton';

const logging = `-Dlogback.configurationFile=${path.join(repositoryRoot, 'deploy', 'local', 's3', 'logback.xml')}`;

/** An S3-compatible server over plain files, from the jars that deploy/local/s3/pom.xml pins. */
export class S3Recipe implements ServerRecipe {
  readonly service = 's3';
  readonly stopSignal = 'SIGTERM';
  readonly port: number;
  private archive: ClassArchive | undefined;

  constructor(private readonly options: ServerContext) {
    this.port = options.port;
  }

  get address(): S3Address {
    return { endpoint: `http://127.0.0.1:${this.port}`, bucket, accessKeyId, secretAccessKey };
  }

  async prepare(): Promise<Launch> {
    const { config, folder } = this.options;
    const [java, pom, classPath] = await Promise.all([
      findJava(config, 's3'),
      readPinnedPom(config, 's3'),
      resolveClassPath(this.options, 's3'),
    ]);
    this.archive = new ClassArchive(pom.cacheFolder, java, classPath);

    const objects = path.join(folder, 'objects');
    await mkdir(objects, { recursive: true });
    // A bucket is a folder. One that others may read is served without a signature, hence the mode.
    await mkdir(path.join(objects, bucket), { recursive: true, mode: 0o700 });
    const properties = path.join(folder, 's3proxy.conf');
    await writeFile(properties, this.properties(objects));
    const args = [
      ...this.archive.flags(),
      ...jvmFlags(256),
      logging,
      '-cp',
      classPath,
      'org.gaul.s3proxy.Main',
      '--properties',
      properties,
    ];
    return { file: java.file, args, environment: config.environment, cwd: folder };
  }

  /** Any answer will do; without a signature it is a refusal. */
  async isReady(): Promise<boolean> {
    try {
      const response = await fetch(`${this.address.endpoint}/${bucket}`);
      await response.body?.cancel();
      return response.status < 500;
    } catch {
      return false; // refused: not there yet
    }
  }

  async stopped(): Promise<void> {
    await this.archive?.keep();
  }

  private properties(objects: string): string {
    const settings = {
      's3proxy.endpoint': this.address.endpoint,
      's3proxy.authorization': 'aws-v2-or-v4',
      's3proxy.identity': accessKeyId,
      's3proxy.credential': secretAccessKey,
      'jclouds.provider': 'filesystem-nio2',
      'jclouds.identity': accessKeyId,
      'jclouds.credential': secretAccessKey,
      'jclouds.filesystem.basedir': objects,
    };
    return Object.entries(settings)
      .map(([name, value]) => `${name}=${value}\n`)
      .join('');
  }
}
