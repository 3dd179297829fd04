import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

/** Serves one page with a script that is bundled for browsers: what only Node has makes the bundle fail. */
export class PageServer {
  private constructor(
    private readonly server: Server,
    /** Bytes of the script. */
    readonly size: number,
  ) {}

  /** @param script its file; @param define identifiers that are replaced in it */
  static async start(script: URL): Promise<PageServer> {
    const { outputFiles } = await build({
      entryPoints: [fileURLToPath(script)],
      bundle: true,
      write: false,
      minify: true,
      format: 'esm',
      platform: 'browser',
      target: 'chrome116',
      conditions: ['@baton/source'],
      define: { 'process.env.NODE_ENV': '"development"' },
      jsx: 'automatic',
    });
    const text = outputFiles[0]!.text;
    const server = createServer((request, response) => {
      if (request.url === '/page.js') response.setHeader('content-type', 'text/javascript').end(text);
      else if (request.url === '/') response.setHeader('content-type', 'text/html; charset=utf-8').end(page);
      else response.writeHead(404).end();
    }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    return new PageServer(server, text.length);
  }

  /** As `ALLOWED_ORIGINS` names it. */
  get origin(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  async stop(): Promise<void> {
    this.server.closeAllConnections();
    this.server.close();
    await once(this.server, 'close');
  }
}

const page = `<!doctype html>
<meta charset="utf-8"><title>Baton</title><link rel="icon" href="data:,">
<style>
  body { font: 16px/1.5 system-ui, sans-serif; margin: 2rem; max-width: 44rem }
  progress { width: 100%; height: 1.2rem } li { font: 13px/1.4 ui-monospace, monospace }
</style>
<div id="root"></div>
<script type="module" src="/page.js"></script>`;
