import type {
  BlobDescriptorCache,
  BlobDescriptorService,
  Descriptor,
  Digest,
  OperationOptions,
  RepositoryName,
} from '@purser/core';
import { ErrorReply, MultiErrorReply } from '@redis/client';
import {
  GLOBAL_FIELDS,
  globalKey,
  LINK_FIELD,
  linkKey,
  MEDIA_TYPE_FIELD,
  membersKey,
} from './keys.ts';
import { formatLinkEntry, parseLinkEntry, type LinkKind } from './link-entry.ts';
import type { RedisConnectionOptions } from './options.ts';
import { createRedisClient } from './redis-client.ts';
import { RedisConnection } from './redis-connection.ts';
import { formatStored, parseStored } from './stored-descriptor.ts';

export interface RedisCacheOptions extends RedisConnectionOptions {
  /**
   * How long what this cache writes is kept, in milliseconds: an integer, 1 or more. Default 3,600,000, an hour. It
   * bounds how long something wrong is believed after a process died before it could clear it.
   */
  readonly entryLifetimeMs?: number | undefined;
}

/** A cache in Redis, shared by all processes that use it. Its calls fail when Redis does. */
export interface RedisCache extends BlobDescriptorCache {
  /** Connects. The first other call does so too. */
  connect(): Promise<void>;
  /** Disconnects. Calls that wait for an answer, and any call after it, fail; a second `close` does nothing. */
  close(): void;
}

/**
 * A cache in Redis, under the keys of distribution. Opens nothing: the first call does.
 *
 * Of what distribution wrote only the global entries are believed. Its entries of repositories do not tell blobs from
 * manifests.
 *
 * @throws TypeError when `entryLifetimeMs` is out of its bounds.
 */
export function createRedisCache(options: RedisCacheOptions): RedisCache {
  const { entryLifetimeMs = 3_600_000, connectTimeoutMs = 5000, commandTimeoutMs = 3000 } = options;
  if (!Number.isSafeInteger(entryLifetimeMs) || entryLifetimeMs < 1) {
    throw new TypeError(`entryLifetimeMs must be an integer of 1 or more, not ${entryLifetimeMs}`);
  }
  const connection = new RedisConnection({
    createClient: () => createRedisClient(options),
    connectTimeoutMs,
    commandTimeoutMs,
  });
  return {
    global: new GlobalEntries(connection, entryLifetimeMs),
    forRepository: (name, links) =>
      new LinkEntries(connection, { name, links, lifetimeMs: entryLifetimeMs }),
    connect: () => connection.connect(),
    close: () => connection.close(),
  };
}

class GlobalEntries implements BlobDescriptorService {
  readonly #connection: RedisConnection;
  readonly #lifetimeMs: number;

  constructor(connection: RedisConnection, lifetimeMs: number) {
    this.#connection = connection;
    this.#lifetimeMs = lifetimeMs;
  }

  async stat(digest: Digest, options?: OperationOptions): Promise<Descriptor | undefined> {
    options?.signal?.throwIfAborted();
    const found = await this.#connection.run((commands) =>
      unlessGarbage(commands.hmGet(globalKey(digest), [...GLOBAL_FIELDS])),
    );
    return parseStored(found?.[0], found?.[1], found?.[2]);
  }

  async set(digest: Digest, descriptor: Descriptor, options?: OperationOptions): Promise<void> {
    options?.signal?.throwIfAborted();
    const { mediaType, ...fields } = formatStored(descriptor);
    const key = globalKey(digest);
    await this.#connection.run((commands) =>
      unlessGarbage(
        commands
          .multi()
          .hSet(key, { ...fields, mediatype: mediaType })
          .pExpire(key, this.#lifetimeMs)
          .exec(),
      ),
    );
  }

  async clear(digest: Digest, options?: OperationOptions): Promise<void> {
    options?.signal?.throwIfAborted();
    await this.#connection.run((commands) =>
      unlessGarbage(commands.hDel(globalKey(digest), [...GLOBAL_FIELDS])),
    );
  }
}

interface LinkScope {
  readonly name: RepositoryName;
  readonly links: LinkKind;
  readonly lifetimeMs: number;
}

class LinkEntries implements BlobDescriptorService {
  readonly #connection: RedisConnection;
  readonly #scope: LinkScope;

  constructor(connection: RedisConnection, scope: LinkScope) {
    this.#connection = connection;
    this.#scope = scope;
  }

  async stat(digest: Digest, options?: OperationOptions): Promise<Descriptor | undefined> {
    options?.signal?.throwIfAborted();
    const { name, links } = this.#scope;
    const found = await this.#connection.run((commands) =>
      unlessGarbage(commands.hGet(linkKey(name, digest), LINK_FIELD)),
    );
    return parseLinkEntry(links, found);
  }

  /** Writes all that distribution reads, too. The entry expires with its key, whatever becomes of this process. */
  async set(digest: Digest, descriptor: Descriptor, options?: OperationOptions): Promise<void> {
    options?.signal?.throwIfAborted();
    const { name, links, lifetimeMs } = this.#scope;
    const { mediaType, ...fields } = formatStored(descriptor);
    const [key, global, members] = [linkKey(name, digest), globalKey(digest), membersKey(name)];
    const entry = {
      [MEDIA_TYPE_FIELD]: mediaType,
      [LINK_FIELD]: formatLinkEntry(links, descriptor),
    };
    await this.#connection.run((commands) =>
      Promise.all([
        unlessGarbage(commands.multi().hSet(global, fields).pExpire(global, lifetimeMs).exec()),
        // As in distribution, what a blob was first taken for stays.
        unlessGarbage(commands.hSetNX(global, 'mediatype', mediaType)),
        unlessGarbage(commands.sAdd(members, digest)),
        unlessGarbage(commands.pExpire(members, lifetimeMs)),
        unlessGarbage(commands.multi().hSet(key, entry).pExpire(key, lifetimeMs).exec()),
      ]),
    );
  }

  /** What is left says nothing, neither here nor to distribution. */
  async clear(digest: Digest, options?: OperationOptions): Promise<void> {
    options?.signal?.throwIfAborted();
    const { name } = this.#scope;
    await this.#connection.run((commands) =>
      Promise.all([
        unlessGarbage(commands.hDel(linkKey(name, digest), [LINK_FIELD, MEDIA_TYPE_FIELD])),
        unlessGarbage(commands.sRem(membersKey(name), digest)),
      ]),
    );
  }
}

/** A key that holds something of another type remembers nothing, and is nothing that must be cleared. */
async function unlessGarbage<T>(answer: Promise<T>): Promise<T | undefined> {
  try {
    return await answer;
  } catch (error) {
    if (isWrongType(error)) return undefined;
    throw error;
  }
}

function isWrongType(error: unknown): boolean {
  if (error instanceof MultiErrorReply) return [...error.errors()].every(isWrongType);
  return error instanceof ErrorReply && error.message.startsWith('WRONGTYPE');
}
