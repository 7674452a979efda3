import type { RegistryProgram } from '@purser/registry-under-test';

/** The same registry with further settings, by the `REGISTRY_*` variables that Purser and distribution both read. */
export function withSettings(
  { command, parameters, ...program }: RegistryProgram,
  settings: Readonly<Record<string, string>>,
): RegistryProgram {
  const variables = Object.entries(settings).map(([name, value]) => `${name}=${value}`);
  return { ...program, command: 'env', parameters: [...variables, command, ...parameters] };
}

/**
 * The same registry, taking and giving Docker's schema 1.
 *
 * @param keyFile The path of the key that it signs with; one of its own when absent.
 */
export function withSchema1(program: RegistryProgram, keyFile?: string): RegistryProgram {
  return withSettings(program, {
    REGISTRY_COMPATIBILITY_SCHEMA1_ENABLED: 'true',
    // Distribution's own name for it, which does not follow from that of the key.
    ...(keyFile !== undefined && { REGISTRY_COMPATIBILITY_SCHEMA1_TRUSTKEY: keyFile }),
  });
}
