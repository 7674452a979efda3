import type { RegistryProgram } from './registry-program.ts';

/** The same registry with further settings, by the `REGISTRY_*` variables that Purser and distribution both read. */
export function withSettings(
  { command, parameters, ...program }: RegistryProgram,
  settings: Readonly<Record<string, string>>,
): RegistryProgram {
  const variables = Object.entries(settings).map(([name, value]) => `${name}=${value}`);
  const speaksTls = program.speaksTls === true || 'REGISTRY_HTTP_TLS_CERTIFICATE' in settings;
  const all = [...variables, command, ...parameters];
  return { ...program, speaksTls, command: 'env', parameters: all };
}
