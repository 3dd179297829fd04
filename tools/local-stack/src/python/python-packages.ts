import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { ProcessFailedError } from '../local-stack.error.js';
import { findCommand } from '../process/find-command.js';
import { runCommand } from '../process/run-command.js';
import { repositoryRoot } from '../repository-root.js';

/** A Python that finds the packages that were asked for. */
export interface PythonPackages {
  python: string;
  env: Record<string, string>;
}

export interface PythonPackagesOptions {
  searchPath: string;
  /** Where they are kept from one run to the next. */
  folder?: string;
}

const timeoutMs = 180_000;
const quiet = ['--disable-pip-version-check', '--no-input', '--quiet'];
const installed = 'installed';

/**
 * Installs Python packages by pip, once, under the checkout: in a virtual environment, or where Debian has split that off
 * (no python3-venv), in a plain folder. For tests that ask an independent implementation.
 * @param requirements pinned, such as `standardwebhooks==1.1.0`
 * @throws ProcessFailedError there is no Python 3, or pip brought nothing: what failed, and what to do
 */
export async function pythonPackages(
  requirements: readonly string[],
  { searchPath, folder = path.join(repositoryRoot, '.baton', 'python') }: PythonPackagesOptions,
): Promise<PythonPackages> {
  const python = await findCommand('python3', searchPath);
  if (python === undefined)
    throw new ProcessFailedError('there is no python3 on the PATH: apt-get install python3 python3-venv');
  const name = createHash('sha256')
    .update([python, ...requirements].join('\n'))
    .digest('hex')
    .slice(0, 12);
  const place = path.join(folder, `${requirements[0]?.split('==')[0] ?? 'none'}-${name}`);
  const virtual = path.join(place, 'venv');
  const plain = path.join(place, 'packages');
  if (!existsSync(path.join(place, installed)))
    await install({ python, place, virtual, plain, requirements, searchPath });
  return existsSync(virtual)
    ? { python: path.join(virtual, 'bin', 'python'), env: {} }
    : { python, env: { PYTHONPATH: plain } };
}

async function install(options: {
  python: string;
  place: string;
  virtual: string;
  plain: string;
  requirements: readonly string[];
  searchPath: string;
}): Promise<void> {
  const { python, place, virtual, plain, requirements, searchPath } = options;
  const run = (file: string, args: string[]): Promise<string> =>
    runCommand(file, args, { environment: { ...process.env, PATH: searchPath }, timeoutMs });
  await rm(place, { recursive: true, force: true });
  await mkdir(place, { recursive: true });
  try {
    await run(python, ['-m', 'venv', virtual]);
  } catch (noVenv) {
    await rm(virtual, { recursive: true, force: true });
    await run(python, ['-m', 'pip', 'install', ...quiet, '--target', plain, ...requirements]).catch(
      (cause: unknown) => {
        throw unavailable(requirements, [noVenv, cause]);
      },
    );
    return await writeFile(path.join(place, installed), requirements.join('\n'));
  }
  await run(path.join(virtual, 'bin', 'python'), ['-m', 'pip', 'install', ...quiet, ...requirements]).catch(
    (cause: unknown) => {
      throw unavailable(requirements, [cause]);
    },
  );
  await writeFile(path.join(place, installed), requirements.join('\n'));
}

function unavailable(requirements: readonly string[], causes: readonly unknown[]): ProcessFailedError {
  const why = causes.map((cause) => (cause instanceof Error ? cause.message : String(cause))).join('\n');
  return new ProcessFailedError(
    `pip could not install ${requirements.join(', ')}: it needs python3-venv or python3-pip, and a package registry (PIP_INDEX_URL)\n${why}`,
  );
}
