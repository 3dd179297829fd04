import { Catch, type RpcExceptionFilter } from '@nestjs/common';
import { throwError, type Observable } from 'rxjs';

/**
 * Passes on what a handler threw as it is. Without a filter Nest would log it and hand over a plain object in its
 * place: class, code and stack would be lost to the job's attempt, and control flow would look like a failure.
 */
@Catch()
export class RethrowFilter implements RpcExceptionFilter {
  catch(exception: unknown): Observable<never> {
    return throwError(() => exception);
  }
}
