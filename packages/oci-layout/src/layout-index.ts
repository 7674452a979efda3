import {
  parseDescriptor,
  parseStrictJsonObject,
  RegistryError,
  type Descriptor,
} from '@purser/core';
import { writableFiles, type LayoutFiles } from './layout-files.ts';
import { INDEX_FILE, REFERENCE_NAME } from './layout-paths.ts';

/** 100,000 entries, and more than that. */
const MAXIMUM_BYTES = 64 * 1024 * 1024;

/** What `index.json` lists, in its order. An entry keeps members that are not known here. */
export type IndexEntries = readonly Descriptor[];

interface Content {
  readonly document: Readonly<Record<string, unknown>>;
  readonly entries: IndexEntries;
  readonly version: string | undefined;
}

interface Change {
  readonly apply: (entries: IndexEntries) => IndexEntries | Promise<IndexEntries>;
  readonly settle: PromiseWithResolvers<void>;
}

/**
 * `index.json`, the list from which everything in a layout is found.
 *
 * Changes of one process are made one after the other, those that wait for the disk together by one replacement of the
 * file. What another process writes is seen at the next question.
 */
export class LayoutIndex {
  readonly #files: LayoutFiles;
  readonly #waiting: Change[] = [];
  #writing = false;
  #cached: Content | undefined;

  constructor(files: LayoutFiles) {
    this.#files = files;
  }

  /**
   * The entries as they are now; none where nothing was written yet.
   *
   * @throws RegistryError `MANIFEST_INVALID` when the file is malformed.
   */
  async entries(): Promise<IndexEntries> {
    return (await this.#read()).entries;
  }

  /** Replaces the entries by what the change makes of them. */
  update(apply: Change['apply']): Promise<void> {
    const settle = Promise.withResolvers<void>();
    this.#waiting.push({ apply, settle });
    if (!this.#writing) void this.#writeAll();
    return settle.promise;
  }

  async #writeAll(): Promise<void> {
    this.#writing = true;
    while (this.#waiting.length > 0) await this.#writeOnce(this.#waiting.splice(0));
    this.#writing = false;
  }

  async #writeOnce(changes: readonly Change[]): Promise<void> {
    const made: Change[] = [];
    try {
      const { document, entries: before } = await this.#read();
      let entries = before;
      for (const change of changes) {
        try {
          entries = await change.apply(entries);
          made.push(change);
        } catch (error) {
          change.settle.reject(error);
        }
      }
      if (entries !== before) await this.#write(document, entries);
      for (const { settle } of made) settle.resolve();
    } catch (error) {
      // Who was told already is not told again: a promise settles once.
      for (const { settle } of changes) settle.reject(error);
    }
  }

  async #write(document: Content['document'], manifests: IndexEntries): Promise<void> {
    const content = Buffer.from(JSON.stringify({ ...document, manifests }));
    await writableFiles(this.#files).write(INDEX_FILE, content);
  }

  async #read(): Promise<Content> {
    const version = await this.#files.version(INDEX_FILE);
    if (this.#cached !== undefined && this.#cached.version === version) return this.#cached;
    const content = await this.#files.read(INDEX_FILE, MAXIMUM_BYTES);
    this.#cached = { ...parseIndex(content), version };
    return this.#cached;
  }
}

function parseIndex(content: Uint8Array | undefined): Omit<Content, 'version'> {
  if (content === undefined) return { document: { schemaVersion: 2 }, entries: [] };
  try {
    const document = parseStrictJsonObject(content);
    const manifests = document['manifests'] ?? [];
    if (!Array.isArray(manifests)) throw new TypeError('manifests is no list');
    return {
      document,
      entries: manifests.map((entry, at) => parseDescriptor(entry, `manifests[${at}]`)),
    };
  } catch (error) {
    throw new RegistryError('MANIFEST_INVALID', {
      message: `${INDEX_FILE} of the layout is malformed: ${(error as Error).message}`,
      cause: error,
    });
  }
}

/** The name that an entry has; `undefined` for one without. */
export function nameOf({ annotations }: Descriptor): string | undefined {
  return annotations?.[REFERENCE_NAME];
}

export function withName(entry: Descriptor, name: string): Descriptor {
  return { ...entry, annotations: { ...entry.annotations, [REFERENCE_NAME]: name } };
}

export function withoutName({ annotations, ...entry }: Descriptor): Descriptor {
  const { [REFERENCE_NAME]: _name, ...others } = annotations ?? {};
  return Object.keys(others).length === 0 ? entry : { ...entry, annotations: others };
}
