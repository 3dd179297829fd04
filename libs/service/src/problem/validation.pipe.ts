import { Injectable, StandardSchemaValidationPipe, type ArgumentMetadata } from '@nestjs/common';

import { describeIssues } from './describe-issues.js';
import { invalidRequest } from './validate.js';

/** Nest's own pipe for `@Body({ schema })` and its kind, answering faults as `invalid_request`, a line a field. */
@Injectable()
export class ValidationPipe extends StandardSchemaValidationPipe {
  override async transform<T = unknown>(value: T, metadata: ArgumentMetadata): Promise<T> {
    const { schema } = metadata;
    if (!schema || !this.toValidate(metadata)) return value;
    this.stripProtoKeys(value);
    const result = await this.validate(value, schema, this.validateOptions);
    if (result.issues) {
      throw invalidRequest(
        describeIssues(result.issues, { schema, value, root: metadata.data ?? metadata.type }),
      );
    }
    return result.value as T;
  }
}

/** The pipe for the whole application; `createService` sets it. */
export function validationPipe(): ValidationPipe {
  return new ValidationPipe();
}
