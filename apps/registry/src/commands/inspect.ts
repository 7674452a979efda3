import { parsePlatform, selectPlatform } from '@purser/client';
import { digestNamedBy } from '../places/digest-named-by.ts';
import { createImageDecoder } from '../places/image-decoder.ts';
import { openSource, referenceOf } from '../places/open-place.ts';
import type { RegistryAccess } from '../places/open-registry.ts';
import { parsePlace } from '../places/place.ts';
import { ImageTreeReader } from '../places/read-image-tree.ts';
import { totalSizeOf, treeAsLines } from '../show/image-tree.ts';
import type { CommandProcess } from './serve.ts';
import { stopOnSignal } from './stop-on-signal.ts';

export interface InspectArguments {
  readonly place: string;
  readonly platform?: string | undefined;
  readonly referrers?: boolean | undefined;
  readonly raw?: boolean | undefined;
  readonly json?: boolean | undefined;
  readonly access: RegistryAccess;
}

/**
 * Shows an image: `purser inspect`.
 *
 * @returns The exit status.
 * @throws RegistryError; Stopped.
 */
export async function inspect(words: InspectArguments, process: CommandProcess): Promise<number> {
  const { access, referrers = false } = words;
  const signal = stopOnSignal(process);
  const place = parsePlace(words.place);
  await using source = await openSource(place, { decoder: createImageDecoder(), access, signal });
  const { repository } = source;
  const named = await digestNamedBy(repository, await referenceOf(place, repository), { signal });
  const digest =
    words.platform === undefined
      ? named
      : await selectPlatform(repository, named, {
          platform: parsePlatform(words.platform),
          signal,
        });
  if (words.raw === true) {
    const { payload } = await repository.manifests.get(digest, { signal });
    process.writeContent(payload);
    return 0;
  }
  const tree = await new ImageTreeReader(repository, { referrers, signal }).read(digest);
  const document = { reference: place.text, totalSize: totalSizeOf(tree), ...tree };
  process.writeOutput(
    words.json === true ? JSON.stringify(document) : [place.text, ...treeAsLines(tree)],
  );
  return 0;
}
