import {
  defaultTextMapGetter,
  ROOT_CONTEXT,
  SpanKind,
  SpanStatusCode,
  trace,
  type Span,
} from '@opentelemetry/api';
import { routes, type RouteName } from '@purser/core';
import type { Context, Middleware } from 'koa';
import { answeredStatus } from '../answered.ts';
import type { RouteObserver } from '../metrics/request-metrics.ts';
import type { Tracing } from './tracing.ts';

export interface RequestTracing {
  readonly middleware: Middleware;
  /** Gives the span the name of the endpoint: a path would make a name of every repository. */
  readonly observeRoute: RouteObserver;
}

/** A span for each request, below that of the client when its `traceparent` tells of one. */
export function traceRequests({ tracer, contexts, propagator }: Tracing): RequestTracing {
  const spans = new WeakMap<Context, Span>();
  return {
    middleware: function traceRequests(context, next) {
      const parent = propagator.extract(ROOT_CONTEXT, context.req.headers, defaultTextMapGetter);
      const options = { kind: SpanKind.SERVER, attributes: attributesOf(context) };
      const span = tracer.startSpan(context.method, options, parent);
      spans.set(context, span);
      context.res.once('close', () => end(span, context));
      return contexts.with(trace.setSpan(parent, span), next);
    },
    observeRoute(route: RouteName, context) {
      const { pattern } = routes[route];
      spans
        .get(context)
        ?.updateName(`${context.method} ${pattern}`)
        .setAttribute('http.route', pattern);
    },
  };
}

function attributesOf(context: Context) {
  const id: unknown = context.state['requestId'];
  return {
    'http.request.method': context.method,
    'url.path': context.path,
    'url.scheme': context.protocol,
    'server.address': context.hostname,
    'client.address': context.ip,
    'user_agent.original': context.get('User-Agent'),
    'http.request.id': typeof id === 'string' ? id : undefined,
  };
}

function end(span: Span, context: Context): void {
  const status = answeredStatus(context);
  span.setAttribute('http.response.status_code', status);
  if (status >= 500) span.setStatus({ code: SpanStatusCode.ERROR });
  span.end();
}
