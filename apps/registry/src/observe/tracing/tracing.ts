import type { ContextManager, TextMapPropagator, Tracer } from '@opentelemetry/api';

/** What spans are made with. */
export interface Tracing {
  readonly tracer: Tracer;
  /** Knows which span is under way. */
  readonly contexts: ContextManager;
  /** Reads what a client says about its own span. */
  readonly propagator: TextMapPropagator;
  /** Sends what is not sent yet. */
  close(): Promise<void>;
}
