import type { OperationOptions, RepositoryName } from '@purser/core';
import { createRegistry, type RegistryOptions } from './create-registry.ts';
import { ReferrerIndex } from './referrers.ts';
import { translateErrors } from './translate-errors.ts';
import { Walks } from './walks.ts';

export interface RebuiltReferrers {
  readonly name: RepositoryName;
  /** How many manifests were looked at. */
  readonly manifests: number;
}

/**
 * Looks through every repository for manifests that refer to others, and notes them. Each repository is looked through
 * once by itself, at its first question about referrers; this does it beforehand, or again after another registry wrote
 * to the same store. It may run while the registry serves.
 */
export async function* rebuildReferrers(
  options: Pick<RegistryOptions, 'driver' | 'decoder'> & OperationOptions,
): AsyncIterable<RebuiltReferrers> {
  const registry = createRegistry(options);
  const driver = translateErrors(options.driver);
  const { signal } = options;
  const shared = { walks: new Walks(), rebuilds: new Map() };
  for await (const name of registry.repositories({ signal })) {
    const { manifests } = registry.repository(name);
    const index = new ReferrerIndex({ ...shared, driver, name, manifests });
    yield { name, manifests: await index.rebuild({ signal }) };
  }
}
