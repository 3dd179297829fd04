import { z } from 'zod';

/** The variables of a process, as `process.env` has them. */
export type Environment = Readonly<Record<string, string | undefined>>;

/** What an operator is told about one variable when its value is wrong. */
export interface VariableInfo {
  /** What the variable may hold, in words: `an integer from 1 to 65535`. */
  allowed: string;
  /** `whole`: never shown. `url`: shown without its password. */
  secret?: 'whole' | 'url';
}

/** One value of a configuration, read from one variable or from several that belong together. */
export interface Field<T> {
  variables: Readonly<Record<string, VariableInfo>>;
  /** Takes the set variables by name; an issue's path names the variable at fault. */
  schema: z.ZodType<T>;
  /** Given when none of the variables is set; without it the field is required. */
  unset?: { value: T };
}

export type Fields = Readonly<Record<string, Field<unknown>>>;
export type ConfigOf<F extends Fields> = {
  -readonly [K in keyof F]: F[K] extends Field<infer T> ? T : never;
};

/** A field of one variable. */
export function variable<T>(name: string, schema: z.ZodType<T>, info: VariableInfo): Field<T> {
  return {
    variables: { [name]: info },
    schema: z.object({ [name]: schema }).transform((values) => values[name] as T),
  };
}

/** The field may be left out. */
export function optional<T>(field: Field<T>): Field<T | undefined> {
  return { ...field, unset: { value: undefined } };
}

/** The field has a value of its own when it is left out. */
export function withDefault<T>(field: Field<T>, value: T): Field<T> {
  return { ...field, unset: { value } };
}

/** A schema for text that `parse` understands; `undefined` or a thrown error's message say that it does not. */
export function parsed<T>(parse: (text: string) => T | undefined): z.ZodType<T> {
  return z.string().transform((text, context) => {
    const refuse = (message: string): never => {
      context.addIssue({ code: 'custom', message });
      return z.NEVER;
    };
    try {
      return parse(text) ?? refuse('is not valid');
    } catch (error) {
      return refuse(error instanceof Error ? error.message : String(error));
    }
  });
}
