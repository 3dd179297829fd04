import { StandardSchemaValidationPipe, type ParameterDecoratorOptions } from '@nestjs/common';
import { Payload } from '@nestjs/microservices';
import { fatal, type Fatal } from './control-flow.js';

/** Any Standard Schema: zod, valibot, arktype … */
export type PayloadSchema = NonNullable<ParameterDecoratorOptions['schema']>;

type Issues = Parameters<
  NonNullable<NonNullable<ConstructorParameters<typeof StandardSchemaValidationPipe>[0]>['exceptionFactory']>
>[0];

/** The payload, as the schema gives it. One that the schema refuses is fatal, and says each thing that is wrong. */
export function CheckedPayload(schema: PayloadSchema): ParameterDecorator {
  const pipe = new StandardSchemaValidationPipe({ exceptionFactory: refusal });
  return Payload({ schema, pipes: [pipe] });
}

function refusal(issues: Issues): Fatal {
  const faults = issues.map(({ path = [], message }) => {
    const place = path.map((part) => String(typeof part === 'object' ? part.key : part)).join('.');
    return place === '' ? message : `${place}: ${message}`;
  });
  return fatal(new TypeError(`the payload is not valid: ${faults.join('; ')}`));
}
