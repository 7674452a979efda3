export type TracingEnvironment = Readonly<Record<string, string | undefined>>;

export interface TracingChoice {
  readonly exporter: 'otlp' | 'console';
}

const ENDPOINTS = ['OTEL_EXPORTER_OTLP_TRACES_ENDPOINT', 'OTEL_EXPORTER_OTLP_ENDPOINT'];
const PROTOCOLS = ['OTEL_EXPORTER_OTLP_TRACES_PROTOCOL', 'OTEL_EXPORTER_OTLP_PROTOCOL'];

/**
 * What the standard variables ask for; `undefined` for nothing, which is what most say. Nothing is sent unless an exporter
 * or an endpoint is named.
 *
 * @throws Error naming a variable whose value this version cannot follow.
 * @see OpenTelemetry specification, "OpenTelemetry Environment Variable Specification".
 */
export function chooseTracing(environment: TracingEnvironment): TracingChoice | undefined {
  const read = (name: string) => environment[name]?.trim() || undefined;
  if (read('OTEL_SDK_DISABLED')?.toLowerCase() === 'true') return undefined;
  const named = read('OTEL_TRACES_EXPORTER');
  const hasEndpoint = ENDPOINTS.some((name) => read(name) !== undefined);
  const exporter = named ?? (hasEndpoint ? 'otlp' : 'none');
  if (exporter === 'none') return undefined;
  if (exporter === 'console') return { exporter };
  if (exporter !== 'otlp') {
    throw new Error(`OTEL_TRACES_EXPORTER: expected otlp, console or none, found ${exporter}`);
  }
  const protocol = PROTOCOLS.map(read).find((value) => value !== undefined) ?? 'http/protobuf';
  if (protocol !== 'http/protobuf') {
    throw new Error(`OTEL_EXPORTER_OTLP_PROTOCOL: expected http/protobuf, found ${protocol}`);
  }
  return { exporter };
}
