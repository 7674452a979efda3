import type { Digest, RepositoryName } from '@purser/core';
import type { StorageDriver } from '@purser/storage-driver';
import { layersPath, repositoryPath } from '../paths.ts';
import { placeOf } from '../place.ts';
import { filesBelow, targetOf } from './revisions.ts';

/** A link of a repository to a blob. `target` is `undefined` if nobody can tell any more what the link held. */
export interface LayerLink {
  readonly name: Digest;
  readonly target: Digest | undefined;
}

export async function* readLayerLinks(
  driver: StorageDriver,
  name: RepositoryName,
): AsyncIterable<LayerLink> {
  const repository = repositoryPath(name);
  for await (const path of filesBelow(driver, layersPath(name))) {
    const place = placeOf(path.slice(repository.length + 1));
    if (place?.kind !== 'layer') continue;
    yield { name: place.digest, target: await targetOf(driver, path, place.digest) };
  }
}
