import path from 'node:path';
import { freePort } from '@baton/local-stack';
import { OwnProcess, type OwnProcessOptions } from '../../processes/own-process.js';
import { until } from '../../processes/within.js';

export type App = 'producer' | 'relay' | 'worker' | 'result-gateway';

export interface BatonServiceOptions extends Omit<OwnProcessOptions, 'args' | 'ipc'> {
  app: App;
  /** Where Node writes what the process spent its time on; undefined: it is not asked to. */
  cpuProfileFolder: string | undefined;
}

const readyWithinSeconds = 60;

/** One of Baton's services, built, by its production command. */
export class BatonService {
  private constructor(
    readonly app: App,
    readonly url: string,
    readonly process: OwnProcess,
  ) {}

  static async start({
    app,
    cpuProfileFolder,
    environment,
    ...options
  }: BatonServiceOptions): Promise<BatonService> {
    const port = await freePort();
    const own = {
      PORT: String(port),
      METRICS_PORT: String(await freePort()),
      OTEL_SERVICE_NAME: `baton-${app}`,
    };
    // The names stay Node's own: a process writes one for each of its threads.
    const profile =
      cpuProfileFolder === undefined
        ? []
        : ['--cpu-prof', '--cpu-prof-dir', path.join(cpuProfileFolder, app)];
    const args = [
      ...profile,
      '--import',
      '@baton/tracing/register',
      path.join('apps', app, 'dist', 'main.js'),
    ];
    return new BatonService(
      app,
      `http://127.0.0.1:${port}`,
      new OwnProcess({ ...options, args, environment: { ...environment, ...own } }),
    );
  }

  /** Resolves when it says that it is ready. */
  async ready(): Promise<void> {
    const ask = async (): Promise<true | undefined> => {
      const response = await fetch(`${this.url}/readyz`, { signal: AbortSignal.timeout(5_000) }).catch(
        () => undefined,
      ); // not listening yet
      return response?.ok ? true : undefined;
    };
    await Promise.race([
      until(`${this.app} becoming ready`, ask, { seconds: readyWithinSeconds, everyMs: 50 }),
      this.process.failed,
    ]);
  }
}
