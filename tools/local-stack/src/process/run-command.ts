import { spawn } from 'node:child_process';
import { ProcessFailedError } from '../local-stack.error.js';

export interface RunOptions {
  environment: NodeJS.ProcessEnv;
  timeoutMs: number;
  cwd?: string;
  uid?: number;
  gid?: number;
}

/** Runs a tool to its end; resolves to all it printed, throws ProcessFailedError with its last words otherwise. */
export function runCommand(file: string, args: readonly string[], options: RunOptions): Promise<string> {
  const { environment, timeoutMs, ...rest } = options;
  return new Promise((resolve, reject) => {
    const child = spawn(file, args, {
      ...rest,
      env: environment,
      timeout: timeoutMs,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let output = '';
    child.stdout.on('data', (chunk: Buffer) => (output += chunk.toString()));
    child.stderr.on('data', (chunk: Buffer) => (output += chunk.toString()));
    child.once('error', (cause) =>
      reject(new ProcessFailedError(`${file} could not be started: ${cause.message}`, { cause })),
    );
    child.once('close', (code, signal) => {
      if (code === 0) resolve(output);
      else
        reject(
          new ProcessFailedError(
            `${file} ${args.join(' ')} ended with ${signal ?? `code ${code}`}: ${output.trim().slice(-2_000)}`,
          ),
        );
    });
  });
}
