import { join } from 'node:path';
import type { Repository, RepositoryName } from '@purser/core';
import { describeRegistryConformance } from '@purser/core/conformance';
import { describe, it } from 'vitest';
import { DirectoryFiles } from './directory/directory-files.ts';
import { createTemporaryDirectory } from './fixtures/temporary-directory.ts';
import { decoder } from './fixtures/sample-layout.ts';
import { createOciLayout } from './oci-layout.ts';

describeRegistryConformance('a directory of OCI layouts', {
  describe,
  it,
  supports: {
    // A layout is one repository: it knows no others, to list them or to take blobs from.
    catalog: false,
    mounting: false,
    // A layout is one pool of content, the manifests among it.
    manifestsApart: false,
  },
  async createRegistry() {
    const directory = await createTemporaryDirectory();
    const repositories = new Map<RepositoryName, Repository>();
    const open = (name: RepositoryName): Repository => {
      const files = new DirectoryFiles(join(directory.path, name));
      return createOciLayout(files, { name, decoder, close: async () => {} });
    };
    return {
      registry: {
        repository(name) {
          const found = repositories.get(name) ?? open(name);
          repositories.set(name, found);
          return found;
        },
        async *repositories() {},
      },
      cleanUp: () => directory[Symbol.asyncDispose](),
    };
  },
});
