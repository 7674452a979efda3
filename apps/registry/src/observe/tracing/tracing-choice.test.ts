import { describe, expect, it } from 'vitest';
import { createSampler } from './sampler.ts';
import { chooseTracing } from './tracing-choice.ts';

describe('chooseTracing', () => {
  it.each([
    {},
    { OTEL_SERVICE_NAME: 'registry' },
    { OTEL_TRACES_SAMPLER: 'always_on' },
    { OTEL_TRACES_EXPORTER: '' },
    { OTEL_TRACES_EXPORTER: 'none', OTEL_EXPORTER_OTLP_ENDPOINT: 'http://collector:4318' },
    { OTEL_SDK_DISABLED: 'true', OTEL_TRACES_EXPORTER: 'otlp' },
  ])('sends nothing unless an exporter or an endpoint is named: %j', (environment) => {
    expect(chooseTracing(environment)).toBeUndefined();
  });

  it.each([
    [{ OTEL_TRACES_EXPORTER: 'otlp' }, 'otlp'],
    [{ OTEL_TRACES_EXPORTER: 'console' }, 'console'],
    [{ OTEL_EXPORTER_OTLP_ENDPOINT: 'http://collector:4318' }, 'otlp'],
    [{ OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: 'http://collector:4318/v1/traces' }, 'otlp'],
  ])('follows %j', (environment, exporter) => {
    expect(chooseTracing(environment)).toEqual({ exporter });
  });

  it.each([
    { OTEL_TRACES_EXPORTER: 'zipkin' },
    { OTEL_TRACES_EXPORTER: 'otlp', OTEL_EXPORTER_OTLP_PROTOCOL: 'grpc' },
  ])('refuses what it cannot do: %j', (environment) => {
    expect(() => chooseTracing(environment)).toThrow(/^OTEL_\w+: expected/);
  });
});

describe('createSampler', () => {
  it.each([
    [undefined, undefined, /^ParentBased\{root=AlwaysOnSampler/],
    ['always_off', undefined, /^AlwaysOffSampler$/],
    ['traceidratio', '0.25', /^TraceIdRatioBased\{0\.25\}$/],
    ['parentbased_traceidratio', '0.5', /^ParentBased\{root=TraceIdRatioBased\{0\.5\}/],
  ])('makes %s of %s', (OTEL_TRACES_SAMPLER, OTEL_TRACES_SAMPLER_ARG, expected) => {
    const sampler = createSampler({ OTEL_TRACES_SAMPLER, OTEL_TRACES_SAMPLER_ARG });
    expect(sampler.toString()).toMatch(expected);
  });

  it('refuses a sampler that is unknown', () => {
    expect(() => createSampler({ OTEL_TRACES_SAMPLER: 'jaeger_remote' })).toThrow('jaeger_remote');
  });
});
