import type { Tracer } from '@opentelemetry/api';
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks';
import { W3CTraceContextPropagator } from '@opentelemetry/core';
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-proto';
import { detectResources, envDetector, resourceFromAttributes } from '@opentelemetry/resources';
import {
  BatchSpanProcessor,
  ConsoleSpanExporter,
  TracerProvider,
  type SpanExporter,
} from '@opentelemetry/sdk-trace';
import { packageVersion } from '../../package-version.ts';
import { createSampler } from './sampler.ts';
import type { Tracing } from './tracing.ts';
import type { TracingChoice, TracingEnvironment } from './tracing-choice.ts';

/**
 * Begins to trace, as the environment chose. Nothing is registered for the whole process: a program that traces by itself
 * is left alone.
 *
 * Endpoint, headers, compression and certificates are read by the exporter from `OTEL_EXPORTER_OTLP_*`, the sizes of
 * batches from `OTEL_BSP_*`, the resource from `OTEL_SERVICE_NAME` and `OTEL_RESOURCE_ATTRIBUTES`.
 */
export function startTracing(
  exporter: TracingChoice['exporter'],
  environment: TracingEnvironment,
): Tracing {
  const provider = new TracerProvider({
    resource: resourceFromAttributes({
      'service.name': 'purser',
      'service.version': packageVersion(),
    }).merge(detectResources({ detectors: [envDetector] })),
    sampler: createSampler(environment),
    spanProcessors: [new BatchSpanProcessor({ exporter: createExporter(exporter) })],
  });
  const tracer: Tracer = provider.getTracer('purser', packageVersion());
  const contexts = new AsyncLocalStorageContextManager().enable();
  return {
    tracer,
    contexts,
    propagator: new W3CTraceContextPropagator(),
    async close() {
      await provider.shutdown();
      contexts.disable();
    },
  };
}

function createExporter(exporter: TracingChoice['exporter']): SpanExporter {
  return exporter === 'console' ? new ConsoleSpanExporter() : new OTLPTraceExporter();
}
