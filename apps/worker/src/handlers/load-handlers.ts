import { createRequire } from 'node:module';
import { isAbsolute, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { Module, type DynamicModule } from '@nestjs/common';
import { exportedHandlers, HandlerSetupError } from '@baton/worker-kit';

/** Holds what the user's module exports. */
@Module({})
export class UserHandlersModule {}

/**
 * Loads the user's handlers: of what the module exports, Nest modules are imported, controllers served, and other
 * injectable classes provided to them.
 * @param specifier a path, relative to the working directory, or the name of a package
 * @throws HandlerSetupError when it cannot be loaded or exports nothing to serve
 */
export async function loadHandlers(specifier: string, directory = process.cwd()): Promise<DynamicModule> {
  const { imports, controllers, providers } = exportedHandlers(await load(specifier, directory));
  if (imports.length + controllers.length === 0) {
    throw new HandlerSetupError(
      `WORKER_HANDLERS="${specifier}" exports neither a Nest controller with @JobHandler methods nor a Nest module; name at least one export`,
    );
  }
  return { module: UserHandlersModule, imports, controllers, providers };
}

async function load(specifier: string, directory: string): Promise<Record<string, unknown>> {
  try {
    return (await import(locate(specifier, directory))) as Record<string, unknown>;
  } catch (error) {
    throw new HandlerSetupError(`WORKER_HANDLERS="${specifier}" cannot be loaded from ${directory}`, {
      cause: error,
    });
  }
}

function locate(specifier: string, directory: string): string {
  if (specifier.startsWith('file:')) return specifier;
  if (isAbsolute(specifier)) return pathToFileURL(specifier).href;
  if (specifier.startsWith('.')) return pathToFileURL(join(directory, specifier)).href;
  return pathToFileURL(createRequire(join(directory, 'package.json')).resolve(specifier)).href;
}
