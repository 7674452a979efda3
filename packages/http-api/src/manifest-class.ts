import { RegistryError, type Caller, type Manifest, type RepositoryName } from '@purser/core';

/** The class of a manifest by the media type of its config. Another config is of no class that is known. */
const CLASSES: ReadonlyMap<string, ReadonlyMap<string, string>> = new Map([
  [
    'application/vnd.docker.distribution.manifest.v2+json',
    new Map([
      ['application/vnd.docker.container.image.v1+json', 'image'],
      ['application/vnd.docker.plugin.v1+json', 'plugin'],
    ]),
  ],
  [
    'application/vnd.oci.image.manifest.v1+json',
    new Map([['application/vnd.oci.image.config.v1+json', 'image']]),
  ],
]);

export interface ClassPolicy {
  /** Those that may be pushed. */
  readonly classes: readonly string[];
  readonly name: RepositoryName;
  readonly caller: Caller | undefined;
}

/**
 * Refuses a manifest whose class the registry does not take, or the caller may not push. Indexes have none, and pass.
 *
 * @throws RegistryError `DENIED`.
 * @see distribution, registry/handlers/manifests.go, `applyResourcePolicy`.
 */
export function checkClass(manifest: Manifest, { classes, name, caller }: ClassPolicy): void {
  const found = classOf(manifest);
  if (found === undefined) return;
  if (!classes.includes(found)) throw denied(`registry does not allow ${found} manifest`);
  const granted = caller?.classesOf?.(name) ?? [found];
  if (!granted.includes(found)) throw denied(`repository not authorized for ${found} manifest`);
}

function classOf({ mediaType, references }: Manifest): string | undefined {
  const known = CLASSES.get(mediaType);
  if (known === undefined) return undefined;
  const configType = references[0]?.descriptor.mediaType ?? '';
  const found = known.get(configType);
  if (found === undefined) throw denied(`unknown manifest class for ${configType}`);
  return found;
}

function denied(message: string): RegistryError {
  return new RegistryError('DENIED', { message });
}
