import {
  digestOf,
  Exclusive,
  parseRepositoryName,
  RegistryError,
  type BlobStore,
  type Exclusion,
} from '@purser/core';
import {
  forwardCalls,
  MemoryDriver,
  type FileWriter,
  type StorageDriver,
} from '@purser/storage-driver';
import { describe, expect, it } from 'vitest';
import { createRegistry } from './create-registry.ts';
import { everyOrder, type Gate } from './fixtures/every-order.ts';
import { decoder } from './fixtures/images.ts';

const name = parseRepositoryName('a');
const [first, second] = [Buffer.from('first '), Buffer.from('second')];
const whole = Buffer.concat([first, second]);
const digest = digestOf(whole);

/** What one process does to an upload that has its first part. */
type Deed = (blobs: BlobStore, id: string) => Promise<unknown>;

const appends: Deed = async (blobs, id) => {
  await using writer = await blobs.resume(id);
  await writer.append(chunksOf(second), { offset: first.byteLength });
};
/** Knows nothing of offsets, as a client of docker's. */
const streams: Deed = async (blobs, id) => {
  await using writer = await blobs.resume(id);
  await writer.append(chunksOf(second));
};
const ends: Deed = async (blobs, id) => {
  await using writer = await blobs.resume(id);
  await writer.append(chunksOf(second), { offset: first.byteLength });
  await writer.commit(digest);
};
const cancels: Deed = async (blobs, id) => {
  await using writer = await blobs.resume(id);
  await writer.cancel();
};

async function* chunksOf(content: Uint8Array) {
  yield content;
}

interface Outcome {
  /** Of each process: `done`, or the code of its error. */
  readonly ends: readonly string[];
  /** `whole`, `absent`, or what is in its place. */
  readonly blob: string;
}

/** Of processes that share a store. */
function everyOutcome(
  deeds: readonly Deed[],
  createExclusion?: () => Exclusion,
): Promise<Outcome[]> {
  return everyOrder(async (gate) => {
    const driver = new MemoryDriver();
    const { blobs } = createRegistry({ driver, decoder }).repository(name);
    const begun = await blobs.create();
    await begun.append(chunksOf(first));
    await begun.close();

    const exclusion = createExclusion?.();
    const running = deeds.map(async (deed) => {
      const registry = createRegistry({
        driver: gated(driver, gate),
        decoder,
        exclusion: exclusion && distant(exclusion, gate),
      });
      try {
        await deed(registry.repository(name).blobs, begun.id);
        return 'done';
      } catch (error) {
        return RegistryError.is(error) ? error.code : String(error);
      }
    });
    return async () => ({ ends: await Promise.all(running), blob: await blobIn(driver) });
  });
}

/** The calls by which uploads are written and ended. What else is asked takes effect at once. */
function gated(driver: StorageDriver, gate: Gate): StorageDriver {
  const writer = (file: FileWriter): FileWriter => ({
    get size() {
      return file.size;
    },
    write: (content) => gate(() => file.write(content)),
    commit: () => gate(() => file.commit()),
    close: () => gate(() => file.close()),
    cancel: () => gate(() => file.cancel()),
    [Symbol.asyncDispose]: () => file[Symbol.asyncDispose](),
  });
  return {
    ...forwardCalls(driver),
    openWriter: (...call) => gate(async () => writer(await driver.openWriter(...call))),
    move: (...call) => gate(() => driver.move(...call)),
    delete: (...call) => gate(() => driver.delete(...call)),
  };
}

/** What is asked and given back is on its way for a while. */
function distant(exclusion: Exclusion, gate: Gate): Exclusion {
  return {
    async acquire(key, options) {
      await gate(async () => {});
      const release = await exclusion.acquire(key, options);
      return () => void gate(async () => release());
    },
    isHeld: (key) => exclusion.isHeld(key),
  };
}

async function blobIn(driver: StorageDriver): Promise<string> {
  const { blobs } = createRegistry({ driver, decoder, verifyReads: false }).repository(name);
  if ((await blobs.stat(digest)) === undefined) return 'absent';
  const content = Buffer.concat(await (await blobs.open(digest)).toArray());
  return content.equals(whole) ? 'whole' : content.toString();
}

// As many orders as there are take what they take, on a machine that has other things to do as well.
const LONG = { timeout: 60_000 };

/** What the loser is told: all of them statuses from 400 to 499. */
const REFUSALS = ['BLOB_UPLOAD_UNKNOWN', 'DIGEST_INVALID', 'UPLOAD_OUT_OF_ORDER'];

describe(
  'processes that share an exclusion write to one upload, in every order of calls',
  LONG,
  () => {
    it.each([
      ['two that end it', [ends, ends]],
      ['one that ends it and one that appends', [ends, appends]],
      ['one that ends it and one that streams', [ends, streams]],
      ['one that ends it and one that cancels it', [ends, cancels]],
      ['one that streams and one that cancels it', [streams, cancels]],
      ['one that ends it, one that streams and one that cancels it', [ends, streams, cancels]],
    ])(
      '%s: whoever is told that the blob is stored finds it whole, the others are refused',
      async (_title, deeds) => {
        const outcomes = await everyOutcome(deeds, () => new Exclusive());
        expect(outcomes.length).toBeGreaterThan(1);
        for (const outcome of outcomes) {
          const isStored = deeds.some(
            (deed, index) => deed === ends && outcome.ends[index] === 'done',
          );
          expect(outcome.blob).toBe(isStored ? 'whole' : 'absent');
          for (const end of outcome.ends) expect(['done', ...REFUSALS]).toContain(end);
        }
      },
    );
  },
);

it(
  'processes that share none spoil a blob in some order, which is what the exclusion is for',
  LONG,
  async () => {
    const outcomes = await everyOutcome([ends, streams]);
    expect(outcomes.map(({ blob }) => blob)).toContain('first secondsecond');
  },
);
