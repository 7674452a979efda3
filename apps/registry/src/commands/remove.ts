import { RegistryError } from '@purser/core';
import { createImageDecoder } from '../places/image-decoder.ts';
import { openSource } from '../places/open-place.ts';
import type { RegistryAccess } from '../places/open-registry.ts';
import { parsePlace, tagOf, type Place } from '../places/place.ts';
import type { CommandProcess } from './serve.ts';
import { stopOnSignal } from './stop-on-signal.ts';

export interface RemoveArguments {
  readonly place: string;
  readonly access: RegistryAccess;
}

/**
 * Removes a tag, or by digest a manifest with all its tags: `purser rm`.
 *
 * @returns The exit status.
 * @throws RegistryError; Stopped.
 */
export async function remove(words: RemoveArguments, process: CommandProcess): Promise<number> {
  const place = parsePlace(words.place);
  const signal = stopOnSignal(process);
  const { digest } = place;
  const tag = place.kind === 'registry' ? place.tag : tagOf(place);
  if (digest === undefined && tag === undefined) throw needsName(place);
  const decoder = createImageDecoder();
  await using open = await openSource(place, { decoder, access: words.access, signal });
  const { manifests, tags } = open.repository;
  if (digest !== undefined) {
    await manifests.delete(digest, { signal });
    process.writeOutput(`Removed ${place.text}, and every tag of it\n`);
  } else if (tag !== undefined) {
    await tags.untag(tag, { signal });
    process.writeOutput(`Removed the tag ${place.text}; what it named is there still\n`);
  }
  return 0;
}

function needsName({ text }: Place): RegistryError {
  return new RegistryError('PARAMETER_INVALID', {
    message: `${text} names no tag and no digest: say what to remove, as in ${text}:tag or ${text}@sha256:…`,
  });
}
