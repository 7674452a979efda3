import { Exclusive, type ManifestDecoder } from '@purser/core';
import type { Transport } from './transport/transport.ts';
import type { UploadSession } from './blobs/upload-session.ts';

export interface ConnectionOptions {
  readonly transport: Transport;
  /** The way around the mirrors of the registry. */
  readonly direct: Transport;
  readonly registry: URL;
  readonly decoder: ManifestDecoder;
  readonly namespace: string | undefined;
  readonly maximumManifestSize: number;
  readonly maximumListingSize: number;
  readonly maximumPages: number;
  readonly chunkSize: number;
  readonly maximumChunkSize: number;
}

/** What the parts of a client share: the way to the registry, and what was learnt of it. */
export class Connection {
  readonly transport: Transport;
  readonly direct: Transport;
  readonly registry: URL;
  readonly decoder: ManifestDecoder;
  readonly maximumManifestSize: number;
  readonly maximumListingSize: number;
  readonly maximumPages: number;
  readonly chunkSize: number;
  readonly maximumChunkSize: number;
  readonly sessions = new KnownSessions();
  /** Two changes of one fallback tag by this client do not undo each other. */
  readonly fallbackLocks = new Exclusive();
  /** Whether it has the referrers API; `undefined` until it shows. */
  hasReferrers: boolean | undefined;
  /** Whether it takes a blob in a single POST; `undefined` until it shows. */
  takesSinglePost: boolean | undefined;
  readonly #namespace: string | undefined;

  constructor(options: ConnectionOptions) {
    this.transport = options.transport;
    this.direct = options.direct;
    this.registry = options.registry;
    this.decoder = options.decoder;
    this.maximumManifestSize = options.maximumManifestSize;
    this.maximumListingSize = options.maximumListingSize;
    this.maximumPages = options.maximumPages;
    this.chunkSize = options.chunkSize;
    this.maximumChunkSize = options.maximumChunkSize;
    this.#namespace = options.namespace;
  }

  /** The URL of an endpoint, below the path at which the API is mounted. */
  url(path: string, query?: URLSearchParams): URL {
    const url = new URL(this.registry);
    url.pathname = `${url.pathname.replace(/\/+$/, '')}${path}`;
    url.search = query?.toString() ?? '';
    return url;
  }

  /** The URL of an endpoint that is read, which a mirror is told the source of. */
  pullUrl(path: string, query = new URLSearchParams()): URL {
    if (this.#namespace !== undefined) query.set('ns', this.#namespace);
    return this.url(path, query);
  }
}

/** Sessions beyond this many are forgotten, the oldest first: they can be resumed where the registry's own URL is enough. */
const MOST_SESSIONS = 1000;

/** The upload sessions that this client began, since their URLs may hold more than their ids. */
class KnownSessions {
  readonly #sessions = new Map<string, UploadSession>();

  get(repository: string, id: string): UploadSession | undefined {
    return this.#sessions.get(`${repository} ${id}`);
  }

  add(repository: string, session: UploadSession): void {
    this.#sessions.set(`${repository} ${session.id}`, session);
    const [oldest] = this.#sessions.keys();
    if (oldest !== undefined && this.#sessions.size > MOST_SESSIONS) this.#sessions.delete(oldest);
  }

  delete(repository: string, id: string): void {
    this.#sessions.delete(`${repository} ${id}`);
  }
}
