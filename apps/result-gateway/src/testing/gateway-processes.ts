import { ChildService } from '@baton/service/testing';

/** Replicas of the gateway as processes of their own, which may be killed at any time and come again. */
export class GatewayProcesses {
  private readonly running: (ChildService | undefined)[];
  private readonly starting: Promise<string>[];
  kills = 0;

  private constructor(
    count: number,
    private readonly environment: Record<string, string>,
  ) {
    this.running = Array.from({ length: count });
    this.starting = this.running.map((_, which) => this.launch(which));
  }

  static async start(count: number, environment: Record<string, string>): Promise<GatewayProcesses> {
    const gateways = new GatewayProcesses(count, { LOG_LEVEL: 'info', PORT: '0', ...environment });
    await gateways.whole();
    return gateways;
  }

  /** The address of one of them; of the next one instead, while it comes again. */
  async url(which: number): Promise<string> {
    const next = (which + 1) % this.starting.length;
    return Promise.any([this.starting[which]!, this.starting[next]!]);
  }

  /** Until all are there. */
  async whole(): Promise<void> {
    await Promise.all(this.starting);
  }

  /**
   * SIGKILL, without a word to its clients; another takes its place on a port of its own. Nothing while another is away: a
   * busy machine would stand still.
   */
  async kill(which: number): Promise<void> {
    const victim = this.running[which];
    if (!victim || this.running.includes(undefined)) return;
    this.running[which] = undefined;
    this.kills++;
    await victim.kill();
    this.starting[which] = this.launch(which);
  }

  async stop(): Promise<void> {
    await Promise.allSettled(this.starting);
    for (const gateway of this.running) await gateway?.kill();
  }

  private async launch(which: number): Promise<string> {
    const gateway = new ChildService(new URL('../main.ts', import.meta.url), this.environment);
    const { url } = await gateway.line('result-gateway is ready');
    this.running[which] = gateway;
    return url as string;
  }
}
