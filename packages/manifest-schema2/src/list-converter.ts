import { RegistryError, type ManifestConverter } from '@purser/core';
import { SCHEMA2_MANIFEST_LIST } from './media-types.ts';

/** The one platform that clients from before manifest lists know. */
const PLATFORM = { architecture: 'amd64', os: 'linux' };

/**
 * Gives a client that does not know manifest lists the first member for linux/amd64, as it is stored.
 *
 * Its `convert` fails with `MANIFEST_UNKNOWN` when the list has no such member, or the member is not there.
 *
 * @see distribution, registry/handlers/manifests.go.
 */
export const manifestListConverter: ManifestConverter = {
  mediaType: SCHEMA2_MANIFEST_LIST,

  async convert({ references }, { repository, tag }, options) {
    const member = references.find(
      ({ descriptor: { platform } }) =>
        platform?.architecture === PLATFORM.architecture && platform.os === PLATFORM.os,
    );
    if (member !== undefined) return repository.manifests.get(member.descriptor.digest, options);
    const message = `the manifest list ${tag} has no image for linux/amd64, and the client takes no lists`;
    throw new RegistryError('MANIFEST_UNKNOWN', { message, detail: { tag } });
  },
};
