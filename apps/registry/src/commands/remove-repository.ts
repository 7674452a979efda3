import { RegistryError } from '@purser/core';
import { createImageDecoder } from '../places/image-decoder.ts';
import { openSource } from '../places/open-place.ts';
import { parsePlace, type Place } from '../places/place.ts';
import type { RemoveArguments } from './remove.ts';
import type { CommandProcess } from './serve.ts';
import { stopOnSignal } from './stop-on-signal.ts';

export interface RemoveRepositoryArguments extends RemoveArguments {
  /** Asks nobody first. */
  readonly yes?: boolean | undefined;
}

/**
 * Removes a whole repository of a registry: `purser rm --repository`. Asks first; where there is no terminal to ask at,
 * it wants `--yes`.
 *
 * @returns The exit status: 1 when the answer was no.
 * @throws RegistryError `PARAMETER_INVALID` for what is no bare repository, or was not confirmed; `UNSUPPORTED` when the
 * registry removes none; Stopped.
 */
export async function removeRepository(
  words: RemoveRepositoryArguments,
  process: CommandProcess,
): Promise<number> {
  const place = parsePlace(words.place);
  requireBareRepository(place);
  const signal = stopOnSignal(process);
  if (words.yes !== true && !(await isConfirmed(place, process))) {
    process.writeOutput('Nothing was removed\n');
    return 1;
  }
  const decoder = createImageDecoder();
  await using open = await openSource(place, { decoder, access: words.access, signal });
  const { remover } = open.repository;
  if (remover === undefined) throw unsupported(place);
  try {
    await remover.remove({ signal });
  } catch (error) {
    if (!RegistryError.is(error, 'UNSUPPORTED', 'ROUTE_UNKNOWN')) throw error;
    throw unsupported(place, error);
  }
  process.writeOutput(`Removed the repository ${place.text}, with all its tags and manifests\n`);
  return 0;
}

function requireBareRepository(place: Place): void {
  if (place.kind === 'registry' && place.tag === undefined && place.digest === undefined) return;
  throw wrongWords(
    `${place.text} is no repository of a registry: --repository takes a name without tag or digest, as in localhost:5000/app`,
  );
}

async function isConfirmed({ text }: Place, { terminal }: CommandProcess): Promise<boolean> {
  if (terminal === undefined) {
    throw wrongWords(`there is no terminal to ask at whether ${text} shall go: confirm with --yes`);
  }
  const answer = await terminal.ask(`Remove ${text} with every tag and manifest in it? [y/N] `);
  return /^y(?:es)?$/i.test(answer);
}

function unsupported({ text }: Place, cause?: unknown): RegistryError {
  return new RegistryError('UNSUPPORTED', {
    message: `the registry does not remove ${text} whole: Purser does when storage.delete.enabled and storage.delete.repositories are on, most others never do`,
    cause,
  });
}

function wrongWords(message: string): RegistryError {
  return new RegistryError('PARAMETER_INVALID', { message });
}
