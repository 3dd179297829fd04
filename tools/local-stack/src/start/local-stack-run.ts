import path from 'node:path';
import type { DispatchMode } from '@baton/contracts';
import { serviceNames } from '../stack/service-name.js';
import { startStack } from '../stack/start-stack.js';
import type { Stack } from '../stack/stack.js';
import { removeLocalFiles, writeLocalFiles, type LocalDeployment } from './local-files.js';
import { ensureMasterKey } from './master-key.js';
import { prepareDatabase, type DevelopmentTenant } from './prepare-database.js';
import { addressVariables, planServices, type PlannedService } from './service-plan.js';
import { ServiceProcess } from './service-process.js';
import type { StartConfig } from './start.config.js';
import type { TraceCollector } from './traces.js';

export interface LocalStackRunOptions {
  config: StartConfig;
  mode: DispatchMode;
  traces: TraceCollector | undefined;
  print: (line: string) => void;
}

/**
 * Servers and services of `npm start`, from nothing to ready and back.
 *
 * new ─start()▶ ready ─announce()▶ announced ─stop()▶ ended. stop() may come at any moment and ends services
 * before servers. The files that name addresses exist only while it is announced.
 */
export class LocalStackRun {
  private stack: Stack | undefined;
  private services: ServiceProcess[] = [];
  private variables: NodeJS.ProcessEnv = {};

  constructor(private readonly options: LocalStackRunOptions) {}

  async start(): Promise<LocalDeployment> {
    const { config, mode, print } = this.options;
    const { folder } = config;
    const services = mode === 'polling' ? (['postgres'] as const) : serviceNames;
    const stack = await startStack({
      dir: folder,
      services,
      persistent: true,
      durable: true,
      config: config.stack,
      onProgress: print,
    });
    this.stack = stack;
    await removeLocalFiles(folder); // of a run that was killed

    const modes: DispatchMode[] = mode === 'event' && stack.kafkaBrokers ? ['polling', 'event'] : ['polling'];
    if (modes.length === 1 && mode === 'event') print('Without Kafka there is polling mode alone.');
    const own = { ...addressVariables(stack.addresses), ...(await this.commonVariables()) };
    const common = { ...config.stack.environment, ...own };
    print('database: bringing the schema up to date');
    const tenants = await prepareDatabase({ folder, environment: common });

    const plan = await planServices({ addresses: stack.addresses, modes, common });
    this.services = plan.map((service) => this.startService(stack, service));
    await Promise.all(this.services.map((service) => this.waitFor(service)));
    this.variables = own;
    return this.describe(stack, tenants, modes);
  }

  /** Writes the files by which others find the deployment. */
  async announce(deployment: LocalDeployment): Promise<void> {
    await writeLocalFiles(this.options.config.folder, deployment, this.variables);
  }

  async stop(): Promise<void> {
    if (!this.stack) return; // the files may be those of another run, which holds the folder
    await removeLocalFiles(this.options.config.folder);
    await Promise.all(this.services.map((service) => service.stop()));
    await this.stack.stop();
  }

  private async commonVariables(): Promise<Record<string, string>> {
    const { config, traces } = this.options;
    return {
      BATON_MASTER_KEY: config.masterKey ?? (await ensureMasterKey(config.folder)),
      // Receivers of webhooks on this machine are welcome here, and only here.
      WEBHOOK_ALLOW: config.stack.environment['WEBHOOK_ALLOW'] ?? '127.0.0.0/8',
      ...traces?.environment,
    };
  }

  private startService(stack: Stack, service: PlannedService): ServiceProcess {
    return new ServiceProcess(service, {
      logFolder: path.join(this.options.config.folder, 'log'),
      imports: ['@baton/tracing/register'],
      print: this.options.print,
      guard: (pid) => stack.guard(pid, 'SIGTERM'),
      unguard: (pid) => stack.unguard(pid),
    });
  }

  private async waitFor(service: ServiceProcess): Promise<void> {
    await service.ready();
    this.options.print(`${service.service.name}: ready on port ${service.service.port}`);
  }

  private describe(stack: Stack, tenants: DevelopmentTenant[], modes: DispatchMode[]): LocalDeployment {
    const urlOf = (name: string): string =>
      `http://127.0.0.1:${this.services.find(({ service }) => service.name === name)?.service.port}`;
    const servicePids = Object.fromEntries(this.services.map(({ service, pid }) => [service.name, pid ?? 0]));
    return {
      producer: urlOf('producer'),
      gateway: urlOf('result-gateway'),
      apiKey: tenants[0]?.apiKey ?? '',
      tenants,
      ...stack.addresses,
      pids: { ...stack.pids, ...servicePids },
      modes,
    };
  }
}
