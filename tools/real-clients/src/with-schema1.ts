import { withSettings, type RegistryProgram } from '@purser/registry-under-test';

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
