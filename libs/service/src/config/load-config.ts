import type { z } from 'zod';

import { ConfigError, type ConfigFault } from './config.error.js';
import type { ConfigOf, Environment, Field, Fields } from './field.js';
import { showValue } from './show-value.js';

/**
 * Reads a configuration from the environment. A variable set to the empty string counts as unset.
 * @throws ConfigError naming every variable at fault, its value (secrets masked) and what is allowed
 */
export function loadConfig<F extends Fields>(fields: F, environment: Environment = process.env): ConfigOf<F> {
  const faults: ConfigFault[] = [];
  const config: Record<string, unknown> = {};
  for (const [key, field] of Object.entries(fields)) {
    const given = pickSet(field, environment);
    if (field.unset && Object.keys(given).length === 0) {
      config[key] = field.unset.value;
      continue;
    }
    const result = field.schema.safeParse(given);
    if (result.success) config[key] = result.data;
    else faults.push(...result.error.issues.map((issue) => describe(field, given, issue)));
  }
  if (faults.length > 0) throw new ConfigError(faults);
  return config as ConfigOf<F>;
}

function pickSet(field: Field<unknown>, environment: Environment): Record<string, string> {
  const given: Record<string, string> = {};
  for (const name of Object.keys(field.variables)) {
    const value = environment[name]?.trim();
    if (value) given[name] = value;
  }
  return given;
}

function describe(field: Field<unknown>, given: Environment, issue: z.core.$ZodIssue): ConfigFault {
  const names = Object.keys(field.variables);
  const name = issue.path.length > 0 ? String(issue.path[0]) : names.join(', ');
  const info = field.variables[name];
  const allowed = info ? `; allowed: ${info.allowed}` : '';
  const value = given[name];
  if (value === undefined) {
    const why = issue.code === 'custom' ? issue.message : 'is not set';
    return { variable: name, text: `${name} ${why}${allowed}` };
  }
  const why = issue.code === 'custom' ? issue.message : 'is not valid';
  return { variable: name, text: `${name}=${showValue(value, info?.secret)} ${why}${allowed}` };
}
