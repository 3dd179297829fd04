import { chmod, readdir, rename, rm } from 'node:fs/promises';
import { existsSync } from 'node:fs';
import path from 'node:path';
import type { LocalStackConfig } from '../local-stack.config.js';
import { ServiceUnavailableError } from '../local-stack.error.js';
import { readPinnedPom } from '../maven/class-path.js';
import { runMaven, type MavenContext } from '../maven/maven.js';
import { installWith } from '../maven/package-advice.js';
import { findCommand } from '../process/find-command.js';
import { runCommand } from '../process/run-command.js';

const advice = installWith({ debian: 'redis-server', brew: 'redis' });

/** The machine's redis-server, else the one inside the pinned Maven artifact. Throws ServiceUnavailableError if neither runs. */
export async function findRedis(context: MavenContext): Promise<string> {
  return (await findCommand('redis-server', context.config.searchPath)) ?? (await unpackRedis(context));
}

async function unpackRedis(context: MavenContext): Promise<string> {
  const { config } = context;
  const pom = await readPinnedPom(config, 'redis');
  const unpacked = path.join(pom.cacheFolder, 'unpacked');
  if (!existsSync(unpacked)) {
    const fresh = `${unpacked}.${process.pid}`;
    await runMaven(context, 'redis', pom.file, [
      'dependency:unpack-dependencies',
      `-DoutputDirectory=${fresh}`,
      '-Dmdep.unpack.includes=redis-server-*',
      `-DmarkersDirectory=${fresh}/markers`,
    ]);
    if (existsSync(unpacked))
      await rm(fresh, { recursive: true }); // another process was first
    else await rename(fresh, unpacked);
  }
  return pickBinary(config, unpacked);
}

async function pickBinary(config: LocalStackConfig, folder: string): Promise<string> {
  const suffix = `-${process.platform}-${process.arch === 'x64' ? 'amd64' : process.arch}`;
  const name = (await readdir(folder)).find((candidate) => candidate.endsWith(suffix));
  if (!name)
    throw new ServiceUnavailableError(
      'redis',
      `No redis-server on the PATH, and none is packaged for ${process.platform} on ${process.arch}.`,
      advice,
    );
  const file = path.join(folder, name);
  await chmod(file, 0o755);
  try {
    await runCommand(file, ['--version'], { environment: config.environment, timeoutMs: 10_000 });
  } catch (cause) {
    throw new ServiceUnavailableError(
      'redis',
      'No redis-server on the PATH, and the packaged one does not run on this system.',
      advice,
      { cause },
    );
  }
  return file;
}
