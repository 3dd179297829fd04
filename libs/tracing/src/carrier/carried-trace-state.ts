import type { TraceState } from '@opentelemetry/api';

/** The W3C demands that 512 characters survive; more is kept up to here, beyond it the state is dropped whole. */
export const maxTracestateChars = 4_096;

const maxMembers = 32;

/**
 * A `tracestate` that is carried, not read: `serialize` gives back what came, character by character, until a
 * member is set. OpenTelemetry's own drops a state of more than 512 characters.
 */
export class CarriedTraceState implements TraceState {
  constructor(private readonly raw: string) {}

  get(key: string): string | undefined {
    return this.members().find(([name]) => name === key)?.[1];
  }

  set(key: string, value: string): TraceState {
    const others = this.members().filter(([name]) => name !== key);
    return CarriedTraceState.of([[key, value] as const, ...others]);
  }

  unset(key: string): TraceState {
    return CarriedTraceState.of(this.members().filter(([name]) => name !== key));
  }

  serialize(): string {
    return this.raw;
  }

  private static of(members: readonly (readonly [string, string])[]): TraceState {
    const kept = members.slice(0, maxMembers);
    return new CarriedTraceState(kept.map(([key, value]) => `${key}=${value}`).join(','));
  }

  private members(): [string, string][] {
    return this.raw.split(',').flatMap((member): [string, string][] => {
      const at = member.indexOf('=');
      return at > 0 ? [[member.slice(0, at).trim(), member.slice(at + 1).trim()]] : [];
    });
  }
}
