import { SpanKind, SpanStatusCode } from '@opentelemetry/api';
import { DriverError } from '@purser/storage-driver';
import type { DriverObserver } from '../observe-driver.ts';
import type { Tracing } from './tracing.ts';

/**
 * A span for each call of the storage driver, below that of the request that it is made for.
 *
 * @see distribution, registry/storage/driver/base: the names of the attributes.
 */
export function traceDriver({ tracer, contexts }: Tracing): DriverObserver {
  return ({ driver, action, path, destination }) => {
    const attributes = {
      'io.cncf.distribution.storage.driver.name': driver,
      'io.cncf.distribution.storage.path': path,
      'io.cncf.distribution.storage.destination': destination,
    };
    const options = { kind: SpanKind.INTERNAL, attributes };
    const span = tracer.startSpan(`${driver}.${action}`, options, contexts.active());
    return (failure) => {
      if (failure !== undefined && !DriverError.is(failure.error, 'PATH_NOT_FOUND')) {
        span.setStatus({ code: SpanStatusCode.ERROR, message: String(failure.error) });
      }
      span.end();
    };
  };
}
