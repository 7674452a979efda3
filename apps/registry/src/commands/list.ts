import type { Descriptor } from '@purser/core';
import type { LineSink } from '../observe/logger.ts';
import { digestNamedBy } from '../places/digest-named-by.ts';
import { createImageDecoder } from '../places/image-decoder.ts';
import { openSource, referenceOf } from '../places/open-place.ts';
import { openRegistry, type RegistryAccess } from '../places/open-registry.ts';
import { parsePlace, registryIn, type Place } from '../places/place.ts';
import { formatSize } from '../show/sizes.ts';
import type { CommandProcess } from './serve.ts';
import { stopOnSignal } from './stop-on-signal.ts';

export interface ListArguments {
  readonly place: string;
  readonly json?: boolean | undefined;
  readonly access: RegistryAccess;
}

/**
 * Lists what is in a place: `purser ls`. The repositories of a registry, the tags of a repository or an image layout,
 * or what refers to an image.
 *
 * @returns The exit status.
 * @throws RegistryError; Stopped.
 */
export async function list(words: ListArguments, process: CommandProcess): Promise<number> {
  const { access, json = false } = words;
  const signal = stopOnSignal(process);
  const decoder = createImageDecoder();
  const write = process.writeOutput;
  const address = registryIn(words.place);
  if (address !== undefined) {
    await using registry = await openRegistry(address, { decoder, access, signal });
    await writeEach(registry.repositories({ signal }), { json, write, describe: String });
    return 0;
  }
  const place = parsePlace(words.place);
  await using source = await openSource(place, { decoder, access, signal });
  const { repository } = source;
  if (!namesImage(place)) {
    await writeEach(repository.tags.list({ signal }), { json, write, describe: String });
    return 0;
  }
  const digest = await digestNamedBy(repository, await referenceOf(place, repository), { signal });
  const referrers = repository.referrers.list(digest, { signal });
  await writeEach(referrers, { json, write, describe: describeReferrer });
  return 0;
}

function namesImage(place: Place): boolean {
  if (place.digest !== undefined) return true;
  return (place.kind === 'registry' ? place.tag : place.name) !== undefined;
}

function describeReferrer({ digest, size, artifactType = '-' }: Descriptor): string {
  return `${digest} ${artifactType} ${formatSize(size)}`;
}

interface WriteOptions<T> {
  readonly json: boolean;
  readonly write: LineSink;
  readonly describe: (entry: T) => string;
}

/** Lines as they come; a JSON list when all are known to have come. */
async function writeEach<T>(
  entries: AsyncIterable<T>,
  { json, write, describe }: WriteOptions<T>,
): Promise<void> {
  const all: T[] = [];
  for await (const entry of entries) {
    if (json) all.push(entry);
    else write(`${describe(entry)}\n`);
  }
  if (json) write(`${JSON.stringify(all)}\n`);
}
