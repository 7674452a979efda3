import { createHash } from 'node:crypto';
import {
  finishUpload,
  inParallel,
  pullBlob,
  sendPart,
  startUpload,
  type ContentName,
  type ContentSource,
  type RegistryClient,
  type SampleBlob,
} from '@purser/registry-under-test';

export interface Load {
  readonly client: RegistryClient;
  readonly source: ContentSource;
  /** Transfers at a time. */
  readonly concurrency: number;
}

const REPOSITORY = 'load/blobs';

/** Pushes content that is made, hashed and sent in one pass, as docker pushes a layer. */
export async function pushAll(
  load: Load,
  names: readonly ContentName[],
): Promise<readonly SampleBlob[]> {
  const blobs: SampleBlob[] = [];
  const progress = new Progress('pushing', names.length);
  await inParallel(names, load.concurrency, async (name) => {
    blobs.push(await push(load, name));
    progress.advance();
  });
  return blobs;
}

/** Pulls blobs and compares what came with what was pushed. @throws Error when they differ. */
export async function pullAll(load: Load, blobs: readonly SampleBlob[]): Promise<void> {
  const progress = new Progress('pulling', blobs.length);
  await inParallel(blobs, load.concurrency, async (blob) => {
    const pulled = await pullBlob({ client: load.client, repository: REPOSITORY }, blob.digest);
    if (pulled?.size !== blob.size || pulled.digest !== blob.digest) {
      throw new Error(`pushed ${blob.size} bytes of ${blob.digest}, got ${JSON.stringify(pulled)}`);
    }
    progress.advance();
  });
}

async function push({ client, source }: Load, name: ContentName): Promise<SampleBlob> {
  const target = { client, source, repository: REPOSITORY };
  const hash = createHash('sha256');
  function* content() {
    for (const chunk of source.chunks(name)) {
      hash.update(chunk);
      yield chunk;
    }
  }
  const location = await sendPart(target, {
    location: await startUpload(target),
    content: content(),
  });
  const blob = { ...name, digest: `sha256:${hash.digest('hex')}` };
  await finishUpload(target, { location, blob });
  return blob;
}

/** Tells every tenth of the way. */
class Progress {
  readonly #what: string;
  readonly #total: number;
  #done = 0;

  constructor(what: string, total: number) {
    this.#what = what;
    this.#total = total;
  }

  advance(): void {
    this.#done += 1;
    const step = Math.max(1, Math.round(this.#total / 10));
    if (this.#done % step !== 0) return;
    process.stdout.write(`  ${this.#what}: ${this.#done} of ${this.#total}\n`);
  }
}
