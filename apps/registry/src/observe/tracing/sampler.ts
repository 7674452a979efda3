import {
  AlwaysOffSampler,
  AlwaysOnSampler,
  ParentBasedSampler,
  TraceIdRatioBasedSampler,
  type Sampler,
} from '@opentelemetry/sdk-trace';
import type { TracingEnvironment } from './tracing-choice.ts';

const PARENT = 'parentbased_';

/**
 * What `OTEL_TRACES_SAMPLER` and `OTEL_TRACES_SAMPLER_ARG` ask for. Default: every request, unless its client says that it
 * is not traced.
 *
 * @throws Error naming a sampler that is unknown.
 */
export function createSampler(environment: TracingEnvironment): Sampler {
  const { OTEL_TRACES_SAMPLER: named = '', OTEL_TRACES_SAMPLER_ARG: argument } = environment;
  const name = named.trim() || `${PARENT}always_on`;
  const isOfParent = name.startsWith(PARENT);
  const root = rootSampler(isOfParent ? name.slice(PARENT.length) : name, argument);
  if (root === undefined) throw new Error(`OTEL_TRACES_SAMPLER: unknown sampler ${name}`);
  return isOfParent ? new ParentBasedSampler({ root }) : root;
}

function rootSampler(name: string, argument: string | undefined): Sampler | undefined {
  switch (name) {
    case 'always_on':
      return new AlwaysOnSampler();
    case 'always_off':
      return new AlwaysOffSampler();
    case 'traceidratio': {
      const ratio = Number(argument?.trim() || 1);
      return new TraceIdRatioBasedSampler(ratio >= 0 && ratio <= 1 ? ratio : 1);
    }
    default:
      return undefined;
  }
}
